"""Read a table as text, and detect its dialect.

Values stay text, and missing fields are empty. The detected properties (delimiter, quote, encoding)
are fields of ``Dialect``, which is printed and can be overridden.
"""

import codecs
import csv
import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

SAMPLE_BYTES = 4 * 2**20
"""Size of the sample for detecting the delimiter."""

BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
MEMORY = {".parquet": 10, ".xlsx": 20}
"""Approximate bytes of memory per byte of a file; 4 for text."""

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".data")


@dataclass(frozen=True)
class Dialect:
    """The format of a text file."""

    encoding: str = ""
    """Name of the Python codec; empty if unknown."""

    delimiter: str = ""
    quote: str = ""

    def describe(self) -> str:
        """Describe the format; empty for binary files."""
        if not self.delimiter:
            return ""
        shown = {"\t": "tab", " ": "space"}.get(self.delimiter, self.delimiter)
        return f", delimiter {shown}, quote {self.quote}, encoding {self.encoding}"


def read(path: Path, given: Dialect) -> tuple[pd.DataFrame, Dialect]:
    """Read all rows.

    Args:
        path: A file with delimiters, JSON lines, Parquet, or Excel.
        given: The user's overrides; the rest is detected.

    Returns:
        The rows, as text if the file has text, and the dialect.

    Raises:
        ValueError: The file is unsupported, has no rows, or has rows of different lengths.
    """
    if not path.is_file():
        raise ValueError(f"{path} does not exist")
    if not path.stat().st_size:
        raise ValueError(f"{path} is empty")
    _refuse_large(path)
    if path.suffix in TEXT_SUFFIXES:
        dialect = find_dialect(path, given)
        rows = _read_text(path, dialect)
    else:
        dialect, rows = Dialect(), _read_other(path)
    if not len(rows):
        raise ValueError(f"{path} has a header and no rows")
    return rows, dialect


def _refuse_large(path: Path) -> None:
    needed = path.stat().st_size * MEMORY.get(path.suffix, 4)
    if needed > (free := find_free_bytes()):
        raise ValueError(
            f"{path} needs about {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB "
            "are free: import only some rows, such as the newest"
        )


def find_free_bytes() -> float:
    """Return the available memory; infinite if the system does not report it."""
    facts = Path("/proc/meminfo")
    text = facts.read_text(encoding="ascii") if facts.is_file() else ""
    found = re.search(r"^MemAvailable: +(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else math.inf


def _read_other(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix in (".jsonl", ".ndjson"):
            return pd.read_json(path, lines=True, dtype=False)
        if path.suffix == ".xlsx":
            return pd.read_excel(path, dtype=object)
    except (ImportError, OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    known = ", ".join([*TEXT_SUFFIXES, ".jsonl", ".parquet", ".xlsx"])
    raise ValueError(f"{path} has the suffix {path.suffix!r}; supported are {known}")


def find_dialect(path: Path, given: Dialect) -> Dialect:
    """Detect the properties that are not given.

    Raises:
        ValueError: The file is binary.
    """
    encoding = given.encoding or find_encoding(path)
    found = replace(given, encoding=encoding)
    if given.delimiter and given.quote:
        return found
    with path.open(encoding=encoding, errors="strict", newline="") as file:
        sample = file.read(SAMPLE_BYTES)
    if len(sample) == SAMPLE_BYTES:
        sample = sample.rpartition("\n")[0]
    delimiter, quote = _sniff(sample)
    return Dialect(encoding, given.delimiter or delimiter, given.quote or quote)


def find_encoding(path: Path) -> str:
    """Detect the encoding: by a byte order mark, else UTF-8, else Windows-1252.

    Raises:
        ValueError: The file is binary.
    """
    with path.open("rb") as file:
        start = file.read(2**16)
    for mark, name in BOMS.items():
        if start.startswith(mark):
            return name
    if b"\0" in start:
        raise ValueError(f"{path} is not text: its first bytes are {start[:8]!r}")
    for name in ("utf-8", "cp1252"):
        try:
            with path.open(encoding=name) as file:
                while file.read(2**20):
                    pass
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def _sniff(sample: str) -> tuple[str, str]:
    """Detect delimiter and quote with DuckDB, which examines all columns of all rows."""
    import duckdb  # Late: Parquet needs no sniffing.

    with TemporaryDirectory() as folder:
        # In UTF-8, and without glob characters in its name.
        copy = Path(folder) / "sample.csv"
        copy.write_text(sample, encoding="utf-8", newline="")
        query = "SELECT Delimiter, Quote FROM sniff_csv(?, strict_mode = false)"
        try:
            delimiter, quote = duckdb.execute(query, [str(copy)]).fetchone() or (",", '"')
        except duckdb.Error:
            return ",", '"'
    if delimiter not in sample.partition("\n")[0]:
        delimiter = ","  # One column.
    return delimiter, quote if quote in ('"', "'") else '"'


def _read_text(path: Path, dialect: Dialect) -> pd.DataFrame:
    names = _check_lengths(path, dialect)
    if twice := [name for name, count in Counter(names).items() if count > 1 and name]:
        raise ValueError(f"{path} has two columns named {twice[0]!r}; rename one of them")
    try:
        rows = pd.read_csv(
            path,
            sep=dialect.delimiter,
            quotechar=dialect.quote,
            encoding=dialect.encoding,
            header=0,
            names=names if all(names) else None,
            index_col=False,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
        )
    except (pd.errors.ParserError, UnicodeDecodeError, ValueError) as error:
        reason = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
        raise ValueError(f"{path} cannot be read: {reason}") from None
    return rows


def _check_lengths(path: Path, dialect: Dialect) -> list[str]:
    """Return the column names, and refuse rows with missing fields, which pandas would fill."""
    with path.open(encoding=dialect.encoding, newline="") as file:
        lines = csv.reader(file, delimiter=dialect.delimiter, quotechar=dialect.quote)
        names = [name.strip() for name in next(lines)]
        for fields in lines:
            if fields and len(fields) != len(names):
                raise ValueError(
                    f"{path}: line {lines.line_num} has {len(fields)} fields, and the header has "
                    f"{len(names)}; correct it, or set --delimiter or --quote"
                )
    return names
