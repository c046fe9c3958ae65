from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from ingest.delimited import read_header, read_rows
from ingest.errors import LandedFileError
from ingest.header import Header
from ingest.text_file import check_records

LAYOUTS = {"cases": ("Date", "Area")}


def header(path: Path, content: bytes) -> Header:
    path.write_bytes(content)
    return read_header(path.name, str(path), layouts=LAYOUTS)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Date;Area\n1;Montréal".encode(), "UTF-8"),
        (b"\xef\xbb\xbf" + "Date;Area\n1;Montréal".encode(), "UTF-8"),
        ("Date;Area\n1;Montréal".encode("cp1252"), "windows-1252"),
        ("Date;Area\n1;Montré".encode("cp1252"), "windows-1252"),
        (b"Date;Area\n" + b"x;y\n" * 700_000 + "1;Montréal".encode("cp1252"), "windows-1252"),
        ("Date;Area\n1;LIBERTÉ\u00a0!\n2;JOSÉ’S, NESTLÉ®, « cliché\u00a0»".encode("cp1252"), "windows-1252"),
    ],
    ids=["utf-8", "byte order mark", "windows-1252", "in the last byte", "after megabytes", "similar to UTF-8"],
)
def test_the_encoding_of_a_csv_file_is_detected(tmp_path: Path, content: bytes, encoding: str) -> None:
    assert header(tmp_path / "a.csv", content) == Header(("Date", "Area"), "cases", delimiter=";", encoding=encoding)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b"Date;Area\n" + "1;Montréal\n".encode() * 200_000 + b"1;Qu\xe9bec\n",
            "1 byte.s. are not valid .*in line 200002., but the file has 200000 other non-ASCII character.s.",
        ),
        (
            "Date;Area\n1;Montréal\n".encode() + b"2;Qu\xe9bec\n",
            "1 byte.s. are not valid UTF-8 .the first is in line 3., but",
        ),
        (
            "Date;Area\n1;Montré".encode()[:-1] + "\n2;été".encode(),
            "1 byte.s. are not valid UTF-8 .the first is in line 2.",
        ),
        (
            b"\xef\xbb\xbfDate;Area\n1;\xe9t\xe9\n",
            "2 byte.s. are not valid .*, but the file has a UTF-8 byte order mark. Save the whole file as UTF-8 again",
        ),
        (
            b"Date;Area\n1;\xe9t\xe9\x9d\n",
            "3 byte.s. are not valid UTF-8 .*. Some of these bytes are not valid Windows-1252 either. Save the file",
        ),
    ],
)
def test_mixed_or_unknown_encodings_are_rejected(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(LandedFileError, match=f"a.csv: .*{problem}"):
        header(tmp_path / "a.csv", content)


@pytest.mark.parametrize("line", [b"sep=;\n", b"Cases of 2024\n\n", b"Cases;of;2024\nby;area\n"])
def test_header_below_the_first_row_is_rejected(tmp_path: Path, line: bytes) -> None:
    with pytest.raises(
        LandedFileError,
        match="The header is further down. Remove the rows above the header, such as a title or a 'sep='",
    ):
        header(tmp_path / "a.csv", line + b"Date,Area\n1,x\n")


def test_very_long_cells_are_read(spark: SparkSession, tmp_path: Path) -> None:
    polygon = "POLYGON ((" + "-123.1 49.2, " * 20_000 + "))"
    path = tmp_path / "a.csv"
    found = header(path, f'Date;Area\n1;"{polygon}"\n2;{polygon}\n'.encode())

    check_records("a.csv", str(path), found)

    assert [row["Area"] for row in read_rows(spark, "a.csv", str(path), found).collect()] == [polygon, polygon]


def test_cells_over_the_limit_are_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.text_file.MAX_CELL_CHARACTERS", 10_000)
    path = tmp_path / "a.csv"
    found = header(path, b'Date;Area\n1;x\n2;"' + b"see note\n" * 20_000)
    problem = "the record that starts in line 3 has a cell of more than 10,000 characters, .* close the quote"
    with pytest.raises(LandedFileError, match=problem):
        check_records("a.csv", str(path), found)


@pytest.mark.parametrize("delimiter", list(";,\t|"))
def test_the_delimiter_of_a_csv_file_is_detected(tmp_path: Path, delimiter: str) -> None:
    content = f'Date{delimiter}Area{delimiter}"Note; or, note"\n'.encode()

    assert header(tmp_path / "a.csv", content).columns == ("Date", "Area", "Note; or, note")


def test_delimiter_with_most_known_columns_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Day;Kind, a, b, c, d;Area\n")
    layouts = LAYOUTS | {"old cases": ("Day", "Area")}

    found = read_header("a.csv", str(path), layouts=layouts)

    assert (found.delimiter, found.layout, found.columns) == (";", "old cases", ("Day", "Kind, a, b, c, d", "Area"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"Date;Area\nx\0y;z\n", "line 2 has a NUL character. Expected text. Remove the"),
    ],
)
def test_empty_or_non_text_files_are_rejected(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(LandedFileError, match=f"a.csv: {problem}"):
        header(tmp_path / "a.csv", content)


def test_a_file_name_with_a_colon_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(LandedFileError, match="at 10:00.csv: Spark cannot read .* ':' in its name. Rename the file"):
        header(tmp_path / "at 10:00.csv", b"Date;Area\n")


def test_quoted_cells_keep_delimiters_and_newlines(spark: SparkSession, tmp_path: Path) -> None:
    content = b'Date;Area\n1;"two\nlines"\n\n2;"say ""hi""; now"\n3;\n007;x\n'
    path = tmp_path / "a [1].csv"

    rows = read_rows(spark, path.name, str(path), header(path, content)).collect()

    assert [tuple(row) for row in rows] == [
        ("1", "two\nlines", None, 2),
        ("2", 'say "hi"; now', None, 3),
        ("3", None, None, 4),
        ("007", "x", None, 5),
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig"])
def test_rows_are_decoded_with_the_detected_encoding(spark: SparkSession, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"

    rows = read_rows(
        spark, path.name, str(path), header(path, "Date;Area\n1;Montréal – Ouest".encode(encoding))
    ).collect()

    assert (rows[0]["Date"], rows[0]["Area"]) == ("1", "Montréal – Ouest")


def test_records_with_wrong_length_are_malformed(spark: SparkSession, tmp_path: Path) -> None:
    """A record must have as many cells as the header."""
    path = tmp_path / "a.csv"

    rows = read_rows(spark, path.name, str(path), header(path, b"Date;Area\n1;x;stray\n2\n3;y\n")).collect()

    assert [(row["Date"], row["_malformed_record"]) for row in rows] == [("1", "1;x;stray"), ("2", "2"), ("3", None)]


def test_lines_may_end_with_crlf_or_lf(spark: SparkSession, tmp_path: Path) -> None:
    """One file may have both line endings."""
    path = tmp_path / "a.csv"
    content = b'Date;Area\r\n1;x\r\n2;"two\nlines"\n3;"q"\r\n4;w\n5;\r\n'

    rows = read_rows(spark, path.name, str(path), header(path, content)).collect()

    assert [tuple(row)[:3] for row in rows] == [
        ("1", "x", None),
        ("2", "two\nlines", None),
        ("3", "q", None),
        ("4", "w", None),
        ("5", None, None),
    ]


def test_lines_may_end_with_carriage_returns(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    rows = read_rows(spark, path.name, str(path), header(path, b"Date;Area\r1;x\r2;y\r")).collect()

    assert [(row["Date"], row["Area"]) for row in rows] == [("1", "x"), ("2", "y")]


def test_blank_rows_are_dropped_despite_unnamed_columns(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"

    rows = read_rows(spark, path.name, str(path), header(path, b"Date;Area;\n1;x;\n ; ; \n;\n;;;;;\n2;y;\n")).collect()

    assert [(row["Date"], row["Area"], row["_malformed_record"]) for row in rows] == [
        ("1", "x", None),
        ("2", "y", None),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b'Date;Area\n1;x\n2;"see note\n3;y\n',
            "line 3 has a quote that is not closed before the end .* .line 4.",
        ),
        (
            b'Date;Area\n1;"see note\n2;y\n3;"other note\n',
            "line 2 has a quoted cell with text after .* line 4",
        ),
        (b'Date;Area\n1;"say "hi" now"\n', "starts in line 2 has a quoted cell with text after its closing quote"),
        (b'Date;Area\n1;"x"\n2;a\rb\n', "starts in line 3 has a carriage return outside quotes"),
        (b'Date;Area;"Note\n1;x\n', "the record that starts in line 1 has a quote that is not closed"),
    ],
)
def test_a_file_with_an_invalid_quote_is_rejected(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(LandedFileError, match=f"a.csv: .*{problem}"):
        check_records("a.csv", str(path), header(path, content))


@pytest.mark.parametrize("content", [b";;;\nDate;Area\n1;x\n", b" , \nDate,Area\n"])
def test_a_blank_first_line_is_rejected(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(LandedFileError, match="the first line has only blank cells. Expected the header. Remove this"):
        header(tmp_path / "a.csv", content)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_quoted_cells_may_span_lines_that_look_like_records(
    spark: SparkSession, tmp_path: Path, delimiter: str
) -> None:
    """RFC 4180 allows newlines and any number of delimiters in a quoted cell."""
    note = delimiter.join(["Pothole on Main St\nnear Oak Ave", "by the school\r\n2", "x", "y"])
    path = tmp_path / "a.csv"
    found = header(path, f'Date{delimiter}Area\n1{delimiter}"{note}"\n2{delimiter}ok\n'.encode())

    check_records("a.csv", str(path), found)

    rows = read_rows(spark, "a.csv", str(path), found).collect()
    assert [tuple(row) for row in rows] == [("1", note, None, 2), ("2", "ok", None, 3)]


def test_columns_may_be_in_any_order(spark: SparkSession, tmp_path: Path) -> None:
    contents = [
        (b'Date;Area;Note\n1;North;"say ""hi"";\nbye"\n', ("1", "North", 'say "hi";\nbye')),
        (b"Area;Date;Note\nNorth;1;\n", ("1", "North", None)),
        (b'\xef\xbb\xbf"Date";Note;Area;Extra\n1;"";North;x\n', ("1", "North", None)),
    ]
    for number, (content, expected) in enumerate(contents):
        path = tmp_path / f"{number}.csv"
        rows = read_rows(spark, path.name, str(path), header(path, content))

        assert [tuple(row) for row in rows.select("Date", "Area", "Note").collect()] == [expected]
