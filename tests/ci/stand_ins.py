"""Programs that stand for what a forge's runner has and this machine may lack."""

import os
import sys
from pathlib import Path

DOCKER = """\
#!/bin/sh
echo "docker $*" >> "$CALLS"
case "$1 $2 $3" in
"login "*) cat > /dev/null ;;
"buildx build "*)
    while [ $# -gt 0 ]; do
        test "$1" != --metadata-file || echo '{"containerimage.digest": "sha256:1"}' > "$2"
        shift
    done ;;
"image inspect "*) echo '[{"RootFS": {"Layers": ["sha256:a"]}}]' ;;
"buildx imagetools inspect")
    case "$5" in
    *json*) echo "{\\"rootfs\\": {\\"diff_ids\\": [\\"${PUSHED_LAYER:-sha256:a}\\"]}}" ;;
    *) test -n "$TAKEN" && echo "$TAKEN" ;;
    esac ;;
"run "*) case "$*" in *environment) echo '{"fingerprint": "abc"}' ;; esac ;;
esac
"""
"""An engine and a registry. A tag is taken if TAKEN is its digest."""

JQ = """\
#!%(python)s
import json, re, sys

path = next(argument for argument in sys.argv[1:] if argument.startswith("."))
value = json.load(open(sys.argv[-1]) if sys.argv[-1].endswith(".json") else sys.stdin)
for quoted, word, number in re.findall(r'"([^"]+)"|(\\w*[A-Za-z_]\\w*)|(\\d+)', path):
    value = value[int(number)] if number else value[quoted or word]
print(value if isinstance(value, str) else json.dumps(value))
"""
"""Reads what a path of names leads to."""

UV = """\
#!%(python)s
import os, re, sys
from pathlib import Path

with open(os.environ["CALLS"], "a") as calls:
    print("uv", *sys.argv[1:], file=calls)
if "just" in sys.argv:
    recipe = sys.argv[sys.argv.index("just") + 1]
    files = [Path(name).read_text(encoding="utf-8") for name in ("justfile", "project.just")]
    if not re.search(rf"^{recipe}\\b.*:", "\\n".join(files), re.M):
        sys.exit(f"error: Justfile does not contain recipe '{recipe}'")
"""
"""Know the project's commands, and run none."""

WRITES = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
while [ $# -gt 0 ]; do
    test "$1" != --output || echo '{}' > "$2"
    shift
done
"""
"""Writes down that it was called, and the file that it was to write."""

PROGRAMS = {"docker": DOCKER, "jq": JQ, "uv": UV, "uvx": WRITES} | dict.fromkeys(
    ("cosign", "gh", "sudo", "trivy"), WRITES
)


def put(folder: Path, **programs: str) -> dict[str, str]:
    """Write the programs, and those that are given, into a folder.

    Returns:
        Variables with which they are found, and with which they write down how they were called.
    """
    folder.mkdir()
    for name, text in (PROGRAMS | programs).items():
        (folder / name).write_text(text.replace("%(python)s", sys.executable), encoding="utf-8")
        (folder / name).chmod(0o755)
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    return {"PATH": path, "CALLS": str(folder / "calls.txt")}
