"""Detect the license of a repository: one that the template offers if certain, else 'existing'.

A license is certain if one file has its exact text, or if the metadata have an unambiguous name.
Otherwise (several files, other terms, an ambiguous name), no license is stated.
"""

import re
from hashlib import sha256

from .evidence import Evidence, Guess

EXISTING = "existing"
"""Answer without a license file and statement of the template."""

LICENSE_FILES = (
    r"(?i:(un)?licen[cs]e|copying|copyright)(\.(?i:txt|md|rst|html))?"
    r"|([A-Z]+[-_])?(LICEN[CS]ES?|COPYING)([-_.][\w.+-]+)?"
    r"|LICEN[CS]ES/.+"  # REUSE.
)
"""Files with the terms of the whole repository. Longer names must be in capitals, since other files
may be about licenses, too."""

NAMES = {
    "Apache-2.0": r"Apache(-| | License,? )(Version )?2(\.0)?",
    "MIT": r"(The )?MIT( License)?( \(MIT\))?",
    "BSD-3-Clause": r"(The )?(BSD[- ]3[- ]Clause|3[- ]Clause BSD)( License)?",
    "Proprietary": r"LicenseRef-Proprietary",
}
"""Unambiguous names in metadata."""

VAGUE = {"Apache-2.0": r"Apache( Software)?( License)?", "BSD-3-Clause": r"BSD( License)?"}
"""Ambiguous names: they may agree with a text, but identify no license without one."""

TEXTS = {
    "35a38d06a28733f9": "Apache-2.0",
    "ab4ff364edcdba0d": "Apache-2.0",
    "602556cb49dcc20b": "MIT",
    "57eb1a2634c04dc0": "BSD-3-Clause",
    "736f53825d86ac63": "Proprietary",
}
"""Checksums of the words of the offered texts. Apache's may omit its appendix."""

NOTICE = re.compile(
    r"^[^\w\n]*(?:copyright[ \t]*(?:\(c\)|©)|(?:copyright\b|\(c\)|©)(?=.*(?:\b\d{4}\b|[\[{<]yyyy)))"
    r"(?!.*\b(?:commercial|licensed|only|permission|permitted|purposes?|use)\b).*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A copyright notice: holder and year, without terms."""

AUTHORS_OF_TEXTS = r"Free Software Foundation|Creative Commons"
"""Copyright holders of license texts themselves."""


def guess_license(it: Evidence) -> Guess:
    """Return the license if it is certainly one that the template offers."""
    files = find_files(it)
    if len(files) > 1:
        return Guess(EXISTING, f"several license files: {', '.join(files)}")
    named = [(name_text(it.read(path)), path) for path in files]
    vague = VAGUE.get(named[0][0], "") if named else ""
    named += [
        (_name_statement(stated.value), stated.origin)
        for stated in it.licenses
        if not re.fullmatch(vague, stated.value, re.IGNORECASE)
    ]
    if not named:
        return Guess(EXISTING, "no license found")
    for name, origin in named:
        if not name:
            return Guess(EXISTING, f"{origin}: not a license that the template offers")
        if name != named[0][0]:
            return Guess(EXISTING, f"{named[0][1]} and {origin} name different licenses")
    return Guess(*named[0])


def guess_year(it: Evidence) -> Guess | None:
    """Return the first year of the copyright in the license file."""
    for path in find_files(it):
        for notice in NOTICE.findall(it.read(path)):
            year = re.search(r"\b(?:19|20)\d\d\b", notice)
            if year and not re.search(AUTHORS_OF_TEXTS, notice):
                return Guess(int(year[0]), path)
    return None


def find_files(it: Evidence) -> list[str]:
    """List the license files, including one that only the metadata name."""
    declared = it.metadata.get("license_file", Guess("", "")).value
    return [path for path in it.paths if path == declared or re.fullmatch(LICENSE_FILES, path)]


def name_text(text: str) -> str:
    """Identify a license text, ignoring the copyright holder; empty if unknown. Pure."""
    return TEXTS.get(digest(text), "")


def digest(text: str) -> str:
    """Return a checksum of a license's words, without parts that differ by project. Pure."""
    words = " ".join(re.findall(r"[a-z]+", NOTICE.sub("", text).lower()))
    for pattern, same in (
        (r"^((the|mit|bsd|clause|new|or|revised|modified|license) )+", ""),  # Its title.
        (r"\ball rights reserved\b", ""),
        (r"\bneither the name of .{1,80}? nor the names of its\b", "neither the name of x nor its"),
        (r"\bcopyright (owner|holders)\b", "copyright holder"),
        (r"\bhttps\b", "http"),
    ):
        words = re.sub(pattern, same, words)
    return sha256(" ".join(words.split()).encode()).hexdigest()[:16]


def _name_statement(text: str) -> str:
    """Identify a license in metadata, by its name or its whole text."""
    fits = (name for name, says in NAMES.items() if re.fullmatch(says, text, re.IGNORECASE))
    return next(fits, "") or name_text(text)
