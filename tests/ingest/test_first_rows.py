"""Test that the first rows of each format are read as text, and that unusable files are refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from ingest.errors import IngestError
from ingest.first_rows import FirstRows, read_first_rows
from ingest.profile import profile_rows
from ingest.storage import list_files

ROWS = [("2024-05-01", "a", "1"), ("2024-05-02", None, "2.5")]


def read(*paths: Path, max_rows: int = 100) -> FirstRows:
    return read_first_rows([file for path in paths for file in list_files(str(path))], max_rows=max_rows)


@pytest.fixture
def files(landing):
    text = "Date;Kind;Size\n2024-05-01;a;1\n2024-05-02; ;2.5\n"
    objects = [{"Date": "2024-05-01", "Kind": "a", "Size": 1}, {"Date": "2024-05-02", "Kind": None, "Size": 2.5}]
    lines = "\n".join(map(json.dumps, objects))
    return {
        "csv": landing.file("a.csv", text.encode("utf-8-sig")),
        "tsv": landing.file("a.tsv", text.replace(";", "\t").encode("utf-16")),
        "gz": landing.file("a.csv.gz", gzip.compress(text.encode("cp1252"))),
        "xlsx": landing.sheets("a.xlsx", {"Data": [("Date", "Kind", "Size"), *ROWS]}),
        "json": landing.file("a.json", json.dumps(objects).encode()),
        "jsonl": landing.file("a.jsonl", lines.encode()),
    }


@pytest.mark.parametrize("name", ["csv", "tsv", "gz", "xlsx", "json", "jsonl"])
def test_each_format_gives_the_same_rows(files, name):
    found = read(files[name])
    assert (found.columns, found.rows, found.is_complete) == (("Date", "Kind", "Size"), ROWS, True)
    assert (found.is_workbook, found.is_json) == (name == "xlsx", "json" in name)


def test_parquet_files_are_read_with_their_types(spark: SparkSession, tmp_path: Path):
    rows = spark.sql("SELECT date'2024-05-01' AS Date, 'a' AS Kind, 1.0D AS Size")
    rows.coalesce(1).write.parquet(str(tmp_path / "data"))
    found = read(tmp_path / "data")
    assert (found.columns, found.rows) == (("Date", "Kind", "Size"), [("2024-05-01", "a", "1")])
    assert found.fractions == {"Size"}
    assert [column.type for column in profile_rows(found, files=["a"]).columns] == ["date", "string", "double"]


def test_at_most_the_given_number_of_rows_is_read(files):
    assert (len(read(files["csv"], max_rows=1).rows), read(files["csv"], max_rows=1).is_complete) == (1, False)
    assert read(files["csv"], max_rows=2).is_complete
    two = read(files["csv"], files["xlsx"], max_rows=2)
    assert two.places == [("a.csv", 2), ("a.xlsx", 2)]


def test_columns_of_several_files_may_have_another_order(files, landing):
    other = landing.file("b.csv", b"Size,Date,Kind\n3,2024-05-03,c\n")
    assert read(files["csv"], other).rows[-1] == ("2024-05-03", "c", "3")


def test_files_with_other_columns_are_refused(files, landing):
    other = landing.file("b.csv", b"Date,Kind,Weight\n2024-05-03,c,3\n")
    with pytest.raises(
        IngestError, match=r"b.csv: the columns differ .* Missing: \['Size'\]. Additional: \['Weight'\]"
    ):
        read(files["csv"], other)


@pytest.mark.parametrize("content", [b"Date,Kind\n", b"Date,Kind\n,\n"])
def test_files_without_rows_are_refused(landing, content):
    with pytest.raises(IngestError, match="a.csv: the file has no row that fits its header"):
        read(landing.file("a.csv", content))


VALUES = ["Ann,a@example.org", "2024-05-01,x", "12.5,x", "x,05/31/2024 12:30", "Ann,7731", "-54,x", "1e5,x", "$5.00,x"]
VALUES += ["604-555-0123,x", "(604) 555-0123,x", "123-45-6789,x", "6045550123,x"]


@pytest.mark.parametrize("header", VALUES)
def test_a_first_row_of_values_is_refused_without_showing_it(landing, header):
    with pytest.raises(IngestError, match="looks like a row of values, because column [12] has a date") as error:
        read(landing.file("a.csv", f"{header}\nBob,b\n".encode()))
    assert not [value for value in header.split(",") if len(value) > 1 and value in str(error.value)]


def test_the_remedies_for_a_first_row_of_values_work(landing):
    with pytest.raises(IngestError, match=r"Insert a first row with a name for each of the 3 columns\. If the first"):
        read(landing.file("a.csv", b"Ann Lee,Boston,12\nBob Ray,Denver,13\n"))
    found = read(landing.file("a.csv", b"person,city,visits\nAnn Lee,Boston,12\nBob Ray,Denver,13\n"))
    assert [row[2] for row in found.rows] == ["12", "13"]
    with pytest.raises(IngestError, match="start each name with a letter, such as hour_12"):
        read(landing.file("b.csv", b"day,12,13\n2024-05-01,4,5\n"))
    assert read(landing.file("b.csv", b"day,hour_12,hour_13\n2024-05-01,4,5\n")).columns[1] == "hour_12"


def test_years_are_names(landing):
    assert read(landing.file("a.csv", b"kind,2019,2020\na,4,5\n")).columns == ("kind", "2019", "2020")


def test_a_title_above_the_header_is_refused(landing):
    with pytest.raises(IngestError, match="Remove the rows above the header"):
        read(landing.file("a.csv", b"Visits of the year\nDate,Kind\n2024-05-01,a\n2024-05-02,b\n"))
    with pytest.raises(IngestError, match="Remove the rows above the header"):
        read(landing.sheets("a.xlsx", {"Data": [("Visits",), ("Date", "Kind"), *(("2024-05-01", "a") for _ in "abc")]}))


def test_records_that_do_not_fit_are_left_out(landing):
    found = read(landing.file("a.csv", b"Date,Kind\n2024-05-01,a\n2024-05-02\n2024-05-03,b\n"))
    assert (len(found.rows), found.malformed) == (2, [("a.csv", 3)])
    found = read(landing.file("a.jsonl", b'{"a": 1}\nno object\n{"a": 2}\n'))
    assert (found.rows, found.malformed) == ([("1",), ("2",)], [("a.jsonl", 2)])


def test_json_values_are_text_and_fields_may_be_missing(landing):
    found = read(landing.file("a.jsonl", b'{"a": true, "b": {"c": [1]}}\n{"d": 1.50, "A": "x"}\n'))
    assert found.columns == ("a", "b", "d")
    assert found.rows == [("true", '{"c":["1"]}', None), ("x", None, "1.50")]


def test_json_names_that_differ_only_in_case_are_one_column(landing):
    """An object with values for two spellings is malformed, as it is for ingest."""
    found = read(landing.file("a.jsonl", b'{"id": 1, "v": 1}\n{"ID": 2}\n{"id": null, "Id": 3}\n{"id": 4, "ID": ""}\n'))
    assert (found.columns, found.rows) == (("id", "v"), [("1", "1"), ("2", None), ("3", None)])
    assert found.malformed == [("a.jsonl", 4)]


def test_the_first_visible_sheet_is_read(landing):
    book = landing.sheets("a.xlsx", {"Blank": [], "Data": [("Date",), ("2024-05-01",)], "More": [("x",), ("y",)]})
    assert (read(book).columns, read(book).sheets) == (("Date",), 2)


def test_unknown_formats_are_refused(landing):
    with pytest.raises(IngestError, match="a.txt: unknown format. Expected .xlsx"):
        read(landing.file("a.txt", b"a\n1\n"))
