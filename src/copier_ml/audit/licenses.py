"""Determine the license of a package and whether a list allows it."""

import ast
import re
from collections.abc import Collection
from email.message import Message

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

UNKNOWN = "unknown"
"""License of a package without a statement."""

NAMES = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license version 2.0, january 2004": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",  # Its variants have similar conditions.
    "bsd license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "boost software license 1.0 (bsl-1.0)": "BSL-1.0",
    "cc0 1.0 universal (cc0 1.0) public domain dedication": "CC0-1.0",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu affero general public license v3 or later (agplv3+)": "AGPL-3.0-or-later",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
    "historical permission notice and disclaimer (hpnd)": "HPND",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "the mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "nvidia proprietary software": "LicenseRef-NVIDIA-Proprietary",
    "psf": "PSF-2.0",
    "psf license": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "zope public license": "ZPL-2.1",
}
"""SPDX identifiers of classifiers and texts, which predate PEP 639."""

RESTRICTED = re.compile(
    r"commons\s+clause"
    r"|(?<!commercial or )(?<!commercial and )non-?\s*commercial\s+(?:use|purposes?|research)"
    r"|(?:may|must|shall) not be used for (?:\w+ ){0,3}commercial",
    re.IGNORECASE,
)
"""Restrictions that may follow the text of a permissive license."""

IDENTIFIER = re.compile(r"[\w.+-]+(?: WITH [\w.-]+)?")


def state(metadata: Message) -> str:
    """Return the license in a package's metadata, as an SPDX expression if possible.

    A text that begins like a known license and then restricts commercial use is also
    ``LicenseRef-Restricted``. Several classifiers are ambiguous, so all of them must be allowed.
    """
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [str(line) for line in metadata.get_all("Classifier", [])]
    licenses = (line.split(" :: ") for line in classifiers if line.startswith("License :: "))
    names = [parts[-1] for parts in licenses if parts[-1] != "OSI Approved"]
    text = " ".join(str(metadata.get("License", "")).split())
    # Some packages have the whole text there, which begins with its name.
    name = text.partition("Copyright")[0][:40].strip(" -=.")
    if not names and name and name.lower() != UNKNOWN:
        names = [name]
    if RESTRICTED.search(text):
        names.append("LicenseRef-Restricted")
    return " AND ".join(map(_spell, names)) or UNKNOWN


def _spell(name: str) -> str:
    return NAMES.get(name.lower(), name)


def is_allowed(stated: str, allowed: Collection[str]) -> bool:
    """Check whether the allowed licenses satisfy an expression, or include the text.

    ``A WITH B`` is A with an additional permission, so A suffices.
    """
    texts = {text.lower() for text in allowed}
    if stated.lower() in texts:
        return True
    try:
        expression = canonicalize_license_expression(stated)
    except InvalidLicenseExpression:
        return False

    def evaluate(found: re.Match[str]) -> str:
        words = found[0]
        if words in ("AND", "OR"):
            return words.lower()
        return str(bool({words.lower(), words.partition(" WITH ")[0].lower()} & texts))

    return _holds(ast.parse(IDENTIFIER.sub(evaluate, expression), mode="eval").body)


def _holds(node: ast.expr) -> bool:
    if isinstance(node, ast.BoolOp):
        together = all if isinstance(node.op, ast.And) else any
        return together(map(_holds, node.values))
    return isinstance(node, ast.Constant) and node.value is True
