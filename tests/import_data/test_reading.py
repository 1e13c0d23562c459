"""How a file is written is found out, and what cannot be read is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from copier_ml.import_data.inside import reading
from copier_ml.import_data.inside.reading import Dialect, read

N_ROWS = 30


def write(path: Path, head: str, row: Callable[[int], str], encoding: str = "utf-8") -> Path:
    lines = [head, *map(row, range(N_ROWS))]
    path.write_bytes("\n".join([*lines, ""]).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("head", "row", "delimiter", "quote"),
    [
        ("a,b", lambda n: f"{n},x{n % 3}", ",", '"'),
        ("a;b;c", lambda n: f"{n},5;x{n % 3};y", ";", '"'),
        ("a\tb", lambda n: f"{n}\tx, y{n % 3}", "\t", '"'),
        ("a|b", lambda n: f"{n}|x, y{n % 3}", "|", '"'),
        ("a,b", lambda n: f"'x, {n % 3}',{n}", ",", "'"),
        ('"a ""x""","b, c"', lambda n: f'"line {n}\nmore",x{n % 2}', ",", '"'),
        ("a", str, ",", '"'),
    ],
)
def test_delimiter_and_quote_are_found(
    tmp_path: Path, head: str, row: Callable[[int], str], delimiter: str, quote: str
) -> None:
    rows, dialect = read(write(tmp_path / "t.csv", head, row), Dialect())
    assert (dialect.delimiter, dialect.quote) == (delimiter, quote)
    assert len(rows) == N_ROWS
    assert rows.iloc[1].map(type).eq(str).all()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "t.csv", "größe,stadt", lambda n: f"{n},Köln", encoding)
    rows, dialect = read(path, Dialect())
    assert list(rows) == ["größe", "stadt"]
    assert dialect.encoding == encoding


def test_what_is_given_is_not_found_out(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a;b,c", lambda n: f"{n};1,5")
    assert list(read(path, Dialect(delimiter=","))[0]) == ["a;b", "c"]
    assert list(read(path, Dialect(delimiter=";", quote='"', encoding="latin-1"))[0]) == [
        "a",
        "b,c",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"a,b\n", "has a header and no rows"),
        ("t.csv", bytes(range(256)), "is not text"),
        ("t.csv", b"a,b\n1,2\n" * 20 + b"1,2,3\n", "has 3 fields, and the header has 2"),
        ("t.csv", b"a,b,c\n" + b"1,2,3\n" * 20 + b"1,2\n", "line 22 has 2 fields"),
        ("t.csv", b"a,b,a\n" + b"1,2,3\n" * 20, "two columns named 'a'"),
        ("t.parquet", b"PAR1 no", "cannot be read"),
        ("t.jsonl", b"{", "cannot be read"),
        ("t.docx", b"x", "has the suffix '.docx'; supported are .csv, "),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as refused:
        read(tmp_path / name, Dialect())
    assert name in str(refused.value)


def test_a_file_larger_than_memory_is_refused_with_both_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "t.csv", "a,b", lambda n: f"{n},x")
    assert reading.find_free_bytes() > 2**20
    monkeypatch.setattr(reading, "find_free_bytes", lambda: 100)
    with pytest.raises(
        ValueError, match=r"t\.csv needs about 0\.0 GiB of memory, and 0\.0 GiB are"
    ):
        read(path, Dialect())
