"""Hostile and harmless texts for every text question."""

from functools import cache

from conftest import Answers, questions
from hypothesis import strategies as st
from jinja2 import Environment, Template
from loaded import answers as rules

TEXT_QUESTIONS = [
    name
    for name, asked in questions().items()
    if asked["type"] == "str" and "choices" not in asked and asked.get("ask", True)
]
ENVIRONMENT = Environment(extensions=[rules.Answers])

Text = st.SearchStrategy[str]

CHARACTERS = "\"'\\{}[]()<>$#%&*!|:;,@`~^=+-_/?. \t\n\r\0\x1b\x7f\x85\xa0\xad\u2028\u200b\u202e"
OTHERS = (
    "\ud800\udfff\ufdd0\uffff\U0010ffff\ufeff\u200f\u0301\u0430éß漢אא🚀\U0001f468\u200d\U0001f469"
)
PIECES = [
    *("{{", "}}", "{% raw %}", "{#", "#}", "{{ 7 * 7 }}", "{{ plan }}", "{{ x | attr('y') }}"),
    *("${HOME}", "$(id)", "`id`", "; rm -rf /", "&& true", "| cat", "> x", "%PATH%", "!!", "$$"),
    *("../", "..\\", "/etc/passwd", "C:\\", "~root", "file:///", ".git", "con", "NUL.txt", "aux"),
    *("'''", '"""', "\\n", "\\u0041", "\\x00", "\\", "# ", "#", "]]", "[[x]]", "= 1", "\\'", '\\"'),
    *("---", "...", "- ", ": ", "? ", "!!python/name:os.system", "&a", "*a", "<<:", "%YAML 1.1"),
    *("yes", "No", "null", "~", "1e3", "0o7", "0x1F", "1_000", ".inf", "2001-01-01", "1:30", "="),
    *("```", "<!--", "-->", "<script>", "&amp;", "[a](b)", "::: os", "!!! note", "\u0441on", "é"),
]
"""Tricks of Jinja, shells, paths, Python, YAML, types of YAML, Markdown, and what looks alike."""

PIECE = st.sampled_from([*CHARACTERS, *OTHERS, *PIECES])
ANY = st.lists(PIECE | st.characters(), max_size=12).map("".join)
"""Text of any kind; of those with a few pieces, many are refused."""

ON_ONE_LINE = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
NEVER = "\n\r\0\x1b\x7f\x85\u2028\ud800\uffff"
"""What no text holds that stays on one line."""

LINE = st.lists(
    st.sampled_from(PIECES) | st.sampled_from("\"'\\{}[]()<>$#%&*!|:;,@`~^=é漢א🚀 ") | ON_ONE_LINE,
    max_size=12,
).map(lambda pieces: "".join(pieces).strip())
LONG = st.sampled_from(["a" * 10_000, "é 🚀" * 2_500 + ".", '"' * 10_000, "ab " * 3_333 + "c"])

ADDRESS = st.text(st.sampled_from("azAZ09._~:/@%+-") | st.just("/"), min_size=1, max_size=20)
HOST = st.sampled_from(
    [
        *("github.com", "gitlab.example.org", "LOCALHOST", "127.0.0.1", "10.0.0.1", "a-b.c", "x"),
        *("xn--e1afmkfd.example", "pkgs.dev.azure.com", "download.pytorch.org", "a_b.example"),
        *("1.2.3", "256.1.1.1", "-a", "a..b", "%41", "~", ".", "a.", "a" * 64, "é.example"),
    ]
)
PORT = st.sampled_from(["", "", "", ":443", ":8080", ":0", ":99999", ":"])
SCHEME = st.sampled_from(["https"] * 8 + ["http", "HTTPS", "ftp", "git+ssh", "javascript"])
URL = st.builds("{}://{}{}/{}".format, SCHEME, HOST, PORT, ADDRESS | st.just("simple"))
PLAIN_URL = st.builds(
    "https://{}{}{}".format,
    st.from_regex(r"\A[a-z][a-z0-9]{0,9}(\.[a-z][a-z0-9-]{0,9}[a-z0-9]){1,3}\Z"),
    st.sampled_from(["", "", ":8443"]),
    st.text("azAZ09._~:@+-", min_size=1, max_size=12).map("/{}".format)
    | st.sampled_from(["/simple", "/a/+simple", "/whl/%20x", "/a/../b", "/~a//b"]),
)
BOX = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Cn"])
    .filter(lambda character: character not in "@<>\"',;:()[]\\")
    .filter(lambda character: not character.isspace())
    | st.sampled_from("{}$`#%|!&*?=^~/'"),
    min_size=1,
    max_size=15,
).map(lambda text: text.replace("'", "+"))

TEXTS: dict[str, Text] = {
    "project_name": LINE.map(lambda text: text[:80].strip()),
    "package_name": st.from_regex(r"\A[a-z][a-z0-9]{0,6}(_[a-z0-9]{1,6}){0,4}\Z")
    | st.sampled_from(["con", "class", "match", "torch", "os", "tests", "aux", "a" * 70]),
    "description": LINE | LONG,
    "author_name": LINE | LONG,
    "author_email": st.builds("{}@{}".format, BOX, BOX) | st.just(""),
    "repository_url": PLAIN_URL | URL | st.just(""),
    "package_index_name": st.from_regex(r"\A[a-z][a-z0-9]{0,9}\Z"),
    "package_index_url": PLAIN_URL | URL,
    "pytorch_index_url": PLAIN_URL | URL | st.just("https://download.pytorch.org/whl"),
}
"""What fits each question, or nearly."""


@st.composite
def _spoiled(draw: st.DrawFn, text: Text, trouble: Text) -> str:
    """Put a piece of trouble somewhere into a text that fits."""
    fitting = draw(text)
    place = draw(st.integers(0, len(fitting)))
    return f"{fitting[:place]}{draw(trouble)}{fitting[place:]}"


def texts(question: str) -> Text:
    """Texts for a question: what fits it, the same with a flaw, and anything at all."""
    fitting = TEXTS[question]
    spoiled = [_spoiled(fitting, PIECE), _spoiled(fitting, st.sampled_from(NEVER))]
    return st.one_of(fitting, fitting, fitting, *spoiled, ANY)


@cache
def validator(question: str) -> Template:
    return ENVIRONMENT.from_string(questions()[question]["validator"])


def refusals(answers: Answers) -> dict[str, str]:
    """Ask the validators of copier.yml for the reason why each text is refused."""
    told = {name: validator(name).render(answers) for name in TEXT_QUESTIONS}
    return {name: reason for name, reason in told.items() if reason}
