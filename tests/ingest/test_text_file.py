import gzip
import io
import itertools
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from ingest.delimited import read_rows
from ingest.encoding import PYTHON_NAMES
from ingest.errors import LandedFileError
from ingest.header import Header
from ingest.text_file import check_records, read_header, read_records
from transforms.text_format import DETECTED_FORMAT, ENCODINGS


def header(path: Path, content: bytes, **options: str) -> Header:
    path.write_bytes(content)
    return read_header(path.name, str(path), layouts={}, text_format=DETECTED_FORMAT.with_options(**options))


def records(path: Path, content: bytes, **options: str) -> tuple[tuple[str, ...], list[list[str]]]:
    found = header(path, content, **options)
    return found.columns, list(read_records(path.name, str(path), found))


def zipped(method: int = zipfile.ZIP_DEFLATED, **files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as package:
        for name, content in files.items():
            package.writestr(name.replace("_", "."), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "lines", "columns"),
    [
        ("a.tsv", "freq,unit,geo\\TIME\t2019\t2020\nA,NR,CA\t10\t12\n", ("freq,unit,geo\\TIME", "2019", "2020")),
        ("a.csv", "Address (street, unit, city)\tCalls\n100 MAIN ST\t5\n", ("Address (street, unit, city)", "Calls")),
        ("a.csv", "day;rate;share\n1;2,5;3,5\n2;1,5;4,5\n", ("day", "rate", "share")),
        ("a.csv", "day,note\n1,a;b\n2,c\n3,a;b;c\n", ("day", "note")),
        ("a.csv", "day|name, first|area\n1|x|y\n", ("day", "name, first", "area")),
        ("a.csv", "note\na, b\nc\n", ("note",)),
        ("a.csv", "name, first\nx\ny\n", ("name, first",)),
        ("a.csv", 'day,note\n1,"a;b\n;"\n2,"c;d"\n', ("day", "note")),
        ("a.csv", "a,b,c\n1,2,3,4\n1,2\n1,2,3\n", ("a", "b", "c")),
    ],
)
def test_header_rows_and_file_ending_decide_the_delimiter(
    tmp_path: Path, name: str, lines: str, columns: tuple[str, ...]
) -> None:
    assert header(tmp_path / name, lines.encode()).columns == columns


def test_options_override_the_detected_format(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, content = tmp_path / "a.csv", "a,b;c\n1;é\n2;'x,y'\n".encode("iso-8859-15")
    with caplog.at_level("INFO", logger="ingest.text_file"):
        assert records(path, content)[0] == ("a,b", "c")
        assert "a.csv: read as windows-1252 with the delimiter semicolon" in caplog.text
        caplog.clear()

        found = records(path, content, delimiter=",", encoding="ISO-8859-15", quote="'")

        assert found == (("a", "b;c"), [["1;é"], ["2;'x", "y'"]])
        assert not caplog.text
    assert records(path, content, quote="'")[1][1] == ["2", "x,y"]
    assert records(path, b'a,b\n"x,y\n', quote="none") == (("a", "b"), [['"x', "y"]])


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("delimiter", "::", "'::' is not a valid delimiter. Expected one character, or one of comma"),
        ("delimiter", "", "the delimiter is empty. Expected one character"),
        ("quote", "''", "is not a valid quote. Expected one character"),
        ("encoding", "utf-7", "'utf-7' is not a valid encoding. Expected one of UTF-8, UTF-16"),
    ],
)
def test_an_invalid_option_is_an_error(option: str, value: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        DETECTED_FORMAT.with_options(**{option: value})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_is_read_by_both_readers(spark: SparkSession, tmp_path: Path, encoding: str) -> None:
    path, python_name = tmp_path / "a.csv", PYTHON_NAMES[encoding]
    content = 'id\tname\n1\tÉlise\n2\t"Bob\n;"\n'.encode(python_name)
    detected = encoding in ("UTF-8", "UTF-16", "windows-1252")

    found = header(path, content, **({} if detected else {"encoding": encoding}))

    assert list(read_records("a.csv", str(path), found)) == [["1", "Élise"], ["2", "Bob\n;"]]
    rows = read_rows(spark, "a.csv", str(path), found).select("id", "name").collect()
    assert [tuple(row) for row in rows] == [("1", "Élise"), ("2", "Bob\n;")]


def test_text_in_another_encoding_is_rejected(tmp_path: Path) -> None:
    """Each remedy in these messages works."""
    path, utf_16 = tmp_path / "a.csv", "id,name\n1,x\n".encode("utf-16-le")
    with pytest.raises(LandedFileError, match="line 1 has a NUL character.*Set --encoding UTF-16LE"):
        header(path, utf_16)
    assert records(path, utf_16, encoding="UTF-16LE") == (("id", "name"), [["1", "x"]])
    with pytest.raises(LandedFileError, match="the file is not valid UTF-8 .*, or set --encoding to the encoding"):
        header(path, "id,name\n1,é\n".encode("cp1252"), encoding="utf-8")
    assert records(path, "id,name\n1,é\n".encode("cp1252"), encoding="Windows-1252")[1] == [["1", "é"]]
    with pytest.raises(LandedFileError, match="the file is in UTF-32, which cannot be read. Save it as UTF-8"):
        header(path, "id,name\n1,x\n".encode("utf-32"))
    with pytest.raises(LandedFileError, match="the file is not valid UTF-16 .truncated data, in line 2 or later."):
        header(path, "id,name\n1,x".encode("utf-16") + b"\n")


def test_a_nul_character_is_located(tmp_path: Path) -> None:
    lines = ["id,note", *(f"{n},x" for n in range(1000)), "5,a\0b", "6,x"]
    with pytest.raises(LandedFileError, match="a.csv: line 1002 has a NUL character. Expected text. Remove the char"):
        header(tmp_path / "a.csv", "\n".join(lines).encode())


def test_a_wide_header_is_read(spark: SparkSession, tmp_path: Path) -> None:
    names = [f"question {n} " + "x" * 100 for n in range(1000)]
    path = tmp_path / "a.csv"

    found = header(path, (",".join(names) + "\n" + "1," * 999 + "1\n" + "1," * 40_000 + "1\n").encode())

    assert found.columns == tuple(names)
    rows = read_rows(spark, "a.csv", str(path), found).select(names[-1], "_malformed_record").collect()
    assert [(row[0], row[1] is None) for row in rows] == [("1", True), ("1", False)]


COMPRESSED = {
    "a.csv.gz": gzip.compress(b'id;note\n1;"x\ny"\n2;\n\n3\n'),
    "a.CSV.GZ": gzip.compress(b'id;note\n1;"x\ny"\n2;\n\n3\n'),
    "a.csv.zip": zipped(a_csv=b'id;note\n1;"x\ny"\n2;\n\n3\n'),
    "a.zip": zipped(**{"__MACOSX/a_csv": b"?", "a_csv": b'id;note\n1;"x\ny"\n2;\n\n3\n'}),
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_text_is_read(spark: SparkSession, tmp_path: Path, name: str) -> None:
    found = header(tmp_path / name, COMPRESSED[name])

    check_records(name, str(tmp_path / name), found)

    rows = read_rows(spark, name, str(tmp_path / name), found).collect()
    assert [tuple(row) for row in rows] == [("1", "x\ny", None, 2), ("2", None, None, 3), ("3", None, "3", 4)]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv.gz", gzip.compress(b"id\n1\n")[:-9], "not a complete gzip file .* Deliver the file again"),
        ("a.csv.gz", b"id,note\n1,x\n", "not a complete gzip file .* If the file is not compressed, remove .gz"),
        ("a.zip", b"id,note\n1,x\n", "not a complete zip file .* If the file is not compressed, remove .zip"),
        ("a.zip", zipped(a_csv=b"id\n1\n" * 99)[:-40], "not a complete zip file"),
        ("a.zip", zipped(a_csv=b"id\n1\n", b_csv=b"id\n2\n"), "has 2 files. Expected one text file. Deliver each file"),
        ("a.zip", zipped(), "has 0 files. Expected one text file"),
        ("a.zip", zipped(a_csv=b"id,x\n1,2\n").replace(b"\x08\0", b"\x63\0"), "is not supported"),
        ("a.zip", zipped(zipfile.ZIP_BZIP2, a_csv=b"id,x\n1,2\n"), "is not supported"),
        ("a.csv", b"id,x\n" + b"," * (1 << 20) + b"\n", "starts in line 2 has more than 1,048,576 cells"),
        ("a.csv.gz", gzip.compress(b"\0" * (64 << 20)), "line 1 has a NUL character"),
        (
            "a.zip",
            zipped(a_csv=b'id,x\n1,"' + b"x" * (64 << 20)),
            "line 2 has more than 33,554,432 characters",
        ),
    ],
    ids=itertools.count(),
)
def test_a_damaged_or_unsuitable_archive_is_rejected(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    with pytest.raises(LandedFileError, match=f"{name}: .*{problem}"):
        check_records(name, str(tmp_path / name), header(tmp_path / name, content))


_CELLS = st.text(alphabet='ab ,;"\n\té', max_size=6)


def quote(cell: str, delimiter: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in f'"\n\r{delimiter}') else cell


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(st.lists(_CELLS, max_size=4), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t"),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_both_readers_give_the_same_records(
    spark: SparkSession, tmp_path: Path, rows: list[list[str]], delimiter: str, line_end: str
) -> None:
    """Spark reads the rows of landed files. Python reads the rows of replays and of .zip files."""
    lines = [delimiter.join(quote(cell, delimiter) for cell in row) for row in [["id", "é", "note"], *rows]]
    path = tmp_path / "a.csv"
    found = header(path, (line_end.join(lines) + line_end).encode(), delimiter=delimiter)
    check_records("a.csv", str(path), found)
    (tmp_path / "a.zip").write_bytes(zipped(a_csv=path.read_bytes()))

    by_spark = read_rows(spark, "a.csv", str(path), found).collect()
    by_python = read_rows(spark, "a.zip", str(tmp_path / "a.zip"), found).collect()

    # The text of a malformed record is as in the file for Spark, and is written again by Python.
    comparable = [[(*row[:3], row[3] is None, row["_row_number"]) for row in read] for read in (by_spark, by_python)]
    assert comparable[0] == comparable[1]
