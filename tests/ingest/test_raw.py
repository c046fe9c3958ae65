from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from pyspark.sql import SparkSession

from ingest import raw as raw_module
from ingest import selection
from ingest.errors import LandedFilesError
from ingest.raw import IngestResult, ingest, read_raw
from lake.errors import OvertakenError
from lake.tables import exists, snapshot_id
from transforms.candidates import build_candidates
from transforms.datasets.contact_centre import DATASET

pytestmark = pytest.mark.compiled

RAW = "lake.raw.calls"
RUN = "r1"
NOW = datetime(2024, 10, 1, 12, tzinfo=timezone.utc)


def ingest_calls(lake: SparkSession, landing: object, now: datetime = NOW, **more: bool) -> IngestResult:
    layouts = {"calls": ("Date", "CallsOffered")}
    return ingest(lake, dataset="calls", landing=str(landing), layouts=layouts, run_id=RUN, now=now, **more)


def raw(lake: SparkSession, *columns: str) -> list[tuple]:
    ordered = lake.table(RAW).orderBy("_ingested_at", "_modified_at", "_source_file", "_row_number")
    return [tuple(row) for row in ordered.selectExpr(*columns).collect()]


def current(lake: SparkSession, *columns: str) -> list[tuple]:
    kept = read_raw(lake, "calls").rows.where("_is_current")
    return [tuple(row) for row in kept.selectExpr(*columns).collect()]


def test_every_row_is_stored_as_text(lake: SparkSession, landing) -> None:
    """Raw also has the source file, the row number, the ingest time and the modification time of each row."""
    landing.workbook("2023.xlsx", [["2023-01-01", 5]], columns=("Date", "CallsOffered"))
    landing.csv("2024.csv", [["2024-01-01", "n/a"]], columns=("Date", "CallsOffered"), delivered=60)

    done = ingest_calls(lake, landing)

    assert done.rows == 2
    assert done.files == ("2023.xlsx", "2024.csv")
    assert raw(lake, "Date", "CallsOffered", "_source_file", "_row_number", "_malformed_record") == [
        ("2023-01-01", "5", "2023.xlsx", 2, None),
        ("2024-01-01", "n/a", "2024.csv", 2, None),
    ]
    times = lake.table(RAW).selectExpr("string(_ingested_at)", "string(_modified_at)").orderBy("_modified_at")
    assert [tuple(row) for row in times.collect()] == [
        ("2024-10-01 12:00:00", "2023-11-14 22:13:20"),
        ("2024-10-01 12:00:00", "2023-11-14 22:14:20"),
    ]


def test_serial_numbers_of_the_1904_date_system_become_the_right_dates(lake: SparkSession, landing) -> None:
    """The workbook has the 1904 date system, and the cells with dates have no date format."""
    days = landing.days(count=2)
    landing.workbook("1900.xlsx", [[45292 + 31, *days[0][1:]]])
    landing.csv("text.csv", [["45292", *days[0][1:]]])
    with xlsxwriter.Workbook(landing.folder / "1904.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate([landing.columns, [43830, *days[0][1:]], [43831, *days[1][1:]]]):
            sheet.write_row(line, 0, row)
    layouts = {"contact_centre": landing.columns}
    ingest(lake, dataset="calls", landing=str(landing), layouts=layouts, run_id=RUN, now=NOW)

    systems = lake.table(RAW).select("_source_file", "_date_system").distinct().collect()
    assert {row[0]: row[1] for row in systems} == {"1900.xlsx": 1900, "1904.xlsx": 1904, "text.csv": None}
    calls = build_candidates(read_raw(lake, "calls").rows, dataset=DATASET)
    calls = calls.select("_source_file", "_row_number", "date").collect()
    assert {(row[0], row[1]): str(row[2]) for row in calls} == {
        ("1900.xlsx", 2): "2024-02-01",
        ("1904.xlsx", 2): "2024-01-01",
        ("1904.xlsx", 3): "2024-01-02",
        ("text.csv", 2): "2024-01-01",
    }


def test_workbooks_in_other_formats_are_refused_with_the_reason(lake: SparkSession, landing) -> None:
    landing.csv("a.csv", landing.days(count=1))
    landing.file("b.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504)
    landing.file("c.xlsb", b"PK")

    with pytest.raises(LandedFilesError) as caught:
        ingest_calls(lake, landing)

    first, second = caught.value.problems
    assert "b.xls: the file is a workbook in an old format of Excel (.xls). Expected a complete .xlsx" in first
    assert "c.xlsb: the file is a damaged or incomplete workbook" in second
    assert not exists(lake, RAW)


def test_raw_of_an_earlier_version_has_no_date_system(lake: SparkSession, landing) -> None:
    """The next ingest adds the column."""
    landing.csv("a.csv", [["45292", 5]], columns=("Date", "CallsOffered"))
    ingest_calls(lake, landing)
    lake.sql(f"ALTER TABLE {RAW} DROP COLUMN _date_system")

    assert current(lake, "Date", "_date_system") == [("45292", None)]
    landing.workbook("b.xlsx", [[45293, 5]], columns=("Date", "CallsOffered"))
    ingest_calls(lake, landing)
    assert sorted(current(lake, "Date", "_date_system")) == [("45292", None), ("45293", 1900)]


def test_only_new_or_changed_files_add_rows(lake: SparkSession, landing, caplog: pytest.LogCaptureFixture) -> None:
    landing.csv("a.csv", landing.days(count=2))
    assert ingest_calls(lake, landing).rows == 2
    with caplog.at_level("INFO"):
        again = ingest_calls(lake, landing)
    assert (again.rows, again.known) == (0, {"a.csv": "the file is unchanged and already in raw"})
    assert "calls: skipped 1 unchanged file(s) that are already in raw" in caplog.messages

    landing.csv("b.csv", landing.days("2024-02-01", count=3))
    assert ingest_calls(lake, landing).files == ("b.csv",)
    landing.csv("a.csv", landing.days(count=2, offered=120), delivered=60)
    assert ingest_calls(lake, landing, NOW - timedelta(days=1)).rows == 2  # the clock was set back

    assert sorted(raw(lake, "_source_file", "CallsOffered")) == [
        *[("a.csv", "100")] * 2,
        *[("a.csv", "120")] * 2,
        *[("b.csv", "100")] * 3,
    ]
    assert sorted(current(lake, "_source_file", "CallsOffered")) == [("a.csv", "120")] * 2 + [("b.csv", "100")] * 3


def test_identical_files_add_their_rows_only_once(lake: SparkSession, landing) -> None:
    landing.csv("a.csv", landing.days(count=2))
    landing.csv("copy of a.csv", landing.days(count=2))

    done = ingest_calls(lake, landing)

    assert (done.rows, done.known) == (2, {"copy of a.csv": "it has the same content as a.csv"})


@pytest.mark.parametrize("new", [0, 1])
def test_empty_or_copied_redelivery_has_no_current_rows(lake: SparkSession, landing, new: int) -> None:
    landing.csv("a.csv", landing.days(count=2))
    landing.csv("b.csv", landing.days("2024-03-01", count=3))
    ingest_calls(lake, landing)
    if new == 0:  # deliver `b.csv` again with only a header
        landing.csv("b.csv", [], columns=("Date", "CallsOffered"), delivered=60)
    else:  # deliver a copy of `a.csv` as `b.csv`
        landing.csv("b.csv", landing.days(count=2), delivered=60)

    done = ingest_calls(lake, landing, NOW + timedelta(hours=1))
    again = ingest_calls(lake, landing, NOW + timedelta(hours=2))

    assert (done.rows, done.redelivered, again.redelivered) == (0, ("b.csv",), ())
    raw_rows = read_raw(lake, "calls")
    assert (raw_rows.rows.count(), raw_rows.count) == (5, 5)
    assert [row[0] for row in raw_rows.rows.where("_is_current").select("_source_file").collect()] == ["a.csv", "a.csv"]


@pytest.mark.parametrize(
    "deliveries",
    [
        # Each dictionary is a delivery. It maps the name of each landed file to the month of the file's rows. If a file
        # is removed from the landing folder, its rows stay current.
        [{"a": "01", "b": "03"}, {"a": "01", "b": "01"}, {"a": "02", "b": "01"}],
        [{"a": "01", "b": "03"}, {"a": "01", "b": "01"}, {"a": "02"}],
        [{"a": "01"}, {"b": "01"}, {"a": "02"}],
        [{"a": "01", "b": "01"}, {"a": "02"}],
        [{"a": "02"}, {"a": "03"}, {"b": "01"}, {"a": "02"}],  # the file `a` gets its first content again
        [{"a": "01", "b": "02"}, {"a": "02", "b": "01"}],  # the files swap their content
    ],
)
def test_rows_of_the_latest_deliveries_are_current(lake: SparkSession, landing, deliveries) -> None:
    """A row is current if the latest delivery of at least one file contains it."""
    for hour, delivery in enumerate(deliveries):
        for path in landing.folder.glob("*.csv"):
            path.unlink()
        for name, month in delivery.items():
            landing.csv(f"{name}.csv", landing.days(f"2024-{month}-01", count=1), delivered=hour)
        ingest_calls(lake, landing, NOW + timedelta(hours=hour))
        again = ingest_calls(lake, landing, NOW + timedelta(hours=hour, minutes=1))
        assert (again.rows, again.redelivered, again.snapshot) == (0, (), snapshot_id(lake, RAW))

    assert sorted(current(lake, "Date")) == [("2024-01-01",), ("2024-02-01",)]


def test_two_concurrent_runs_add_a_file_only_once(lake: SparkSession, landing, monkeypatch: pytest.MonkeyPatch) -> None:
    landing.csv("a.csv", landing.days(count=2))
    ingest_calls(lake, landing)
    landing.csv("b.csv", landing.days("2024-02-01", count=2))
    read_files = selection.read_files

    def overtaken(*args, **kwargs):
        monkeypatch.setattr(selection, "read_files", read_files)
        ingest(lake, dataset="calls", landing=str(landing), layouts={"calls": ("Date",)}, run_id="other", now=NOW)
        return read_files(*args, **kwargs)

    monkeypatch.setattr(selection, "read_files", overtaken)  # another run publishes after this run has listed the files
    with pytest.raises(OvertakenError, match="another run published while this run was writing"):
        ingest_calls(lake, landing)

    assert lake.table(RAW).count() == 4


def test_new_columns_are_kept_and_logged(lake: SparkSession, landing, caplog: pytest.LogCaptureFixture) -> None:
    landing.csv("a.csv", [["2024-01-01", 1]], columns=("Date", "CallsOffered"))
    ingest_calls(lake, landing)
    landing.csv("b.csv", [["2024-01-02", 2, "Fête"]], columns=("Date", "CallsOffered", "Notes. (ü)"), delivered=1)

    done = ingest_calls(lake, landing)

    assert done.extra_columns == ("Notes. (ü)",)
    assert "columns ['Notes. (ü)'] are new" in caplog.text
    assert raw(lake, "Date", "`Notes. (ü)`") == [("2024-01-01", None), ("2024-01-02", "Fête")]


def test_unused_columns_of_the_first_ingest_are_not_called_new(
    lake: SparkSession, landing, caplog: pytest.LogCaptureFixture
) -> None:
    landing.csv("a.csv", [["2024-01-01", 1, "x"]], columns=("Date", "CallsOffered", "Note"))
    assert ingest_calls(lake, landing).extra_columns == ("Note",)
    assert "calls: no layout has the columns ['Note'] of the landed files. Raw keeps these columns" in caplog.text
    assert "are new" not in caplog.text


def test_empty_columns_are_logged(
    lake: SparkSession, landing, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blank is a value. The columns of a layout without rows are not listed."""
    layouts = {"calls": ("Date", "Offered", "Note", "Blank"), "old": ("Day", "Offered")}

    def ingest_rows(name: str, *rows: str) -> tuple[str, ...]:
        landing.file(name, "\n".join(["Date,Offered,Note,Blank", *rows]).encode())
        return ingest(lake, dataset="calls", landing=str(landing), layouts=layouts, run_id=RUN).empty_columns

    assert ingest_rows("a.csv", '2024-01-01,,""," "', '2024-01-02,,," "') == ("Offered", "Note")
    assert "calls: the columns ['Offered', 'Note'] have no value in any new row" in caplog.text
    assert ingest_rows("b.csv", "2024-01-03,5,,") == ()  # a later ingest with few rows
    monkeypatch.setattr(raw_module, "MIN_ROWS_FOR_EMPTY_COLUMNS", 1)
    assert ingest_rows("c.csv", "2024-01-04,5,,") == ("Note", "Blank")
    assert ingest_rows("d.csv", "2024-01-05,,x,", "2024-01-06,5,,y") == ()


def test_files_without_rows_are_read_once(lake: SparkSession, landing) -> None:
    landing.workbook("a.xlsx", [], columns=("Date", "CallsOffered"))
    landing.csv("b.csv", landing.days(count=1))
    done = ingest_calls(lake, landing)
    assert (done.rows, done.files) == (1, ("a.xlsx", "b.csv"))

    again = ingest_calls(lake, landing)
    assert again.known == dict.fromkeys(("a.xlsx", "b.csv"), "the file is unchanged and already in raw")
    assert again.snapshot == done.snapshot


@pytest.mark.parametrize("is_first", [True, False])
def test_a_refused_file_adds_no_column_to_raw(lake: SparkSession, landing, is_first: bool) -> None:
    if not is_first:
        landing.csv("good.csv", landing.days())
        ingest_calls(lake, landing)
    landing.file("bad.csv", (";".join([*landing.columns, "STRAY"]) + '\n2024-02-01;1;1;1;1;1;1;"x').encode())

    with pytest.raises(LandedFilesError, match="bad.csv: the record that starts in line 2 has a quote that is not"):
        ingest_calls(lake, landing)

    assert not lake.catalog.tableExists("lake.raw.calls") or "STRAY" not in lake.table("lake.raw.calls").columns


def test_unreadable_files_stop_the_ingest(lake: SparkSession, landing) -> None:
    """With `skip_unreadable`, the ingest skips these files and reads the other files."""
    landing.file("fake.xlsx", b"no workbook")
    with pytest.raises(LandedFilesError, match=r"fake.xlsx: the file is not an Excel workbook") as first:
        # Raw is empty and no file can be read, so the ingest raises an error even if `skip_unreadable` is true.
        ingest_calls(lake, landing, skip_unreadable=True)
    assert "Later runs skip such files. But raw is empty and no other landed file has rows" in str(first.value)
    landing.csv("good.csv", landing.days(count=2))
    ingest_calls(lake, landing, skip_unreadable=True)
    landing.csv("new.csv", landing.days("2024-02-01", count=2))
    landing.csv("missing.csv", [["2024-01-01"]], columns=("Date",))
    landing.workbook("renamed.xlsx", [["2024-01-01", 1]], columns=("Date", "Calls Offered"))

    with pytest.raises(LandedFilesError) as caught:
        ingest_calls(lake, landing)

    assert len(caught.value.problems) == 3
    message = str(caught.value)
    assert "Later runs" not in message
    assert "missing.csv: column 'CallsOffered' is missing. Found: ['Date']." in message
    assert (
        "renamed.xlsx: column 'CallsOffered' is missing. Found: ['Date', 'Calls Offered']. "
        "Did the source rename it to 'Calls Offered'?" in message
    )
    assert "fake.xlsx: the file is not an Excel workbook" in message
    assert "no table has changed" in message
    assert lake.table(RAW).count() == 2

    done = ingest_calls(lake, landing, skip_unreadable=True)
    assert (done.files, done.rows) == (("new.csv",), 2)
    assert {*done.skipped} == {"missing.csv", "renamed.xlsx", "fake.xlsx"}
    assert done.skipped["fake.xlsx"].startswith("the file is not an Excel workbook")
    landing.csv("missing.csv", landing.days("2024-03-01", count=1))
    assert ingest_calls(lake, landing, skip_unreadable=True).files == ("missing.csv",)


def test_reasons_for_skipped_files_hide_cell_text(lake: SparkSession, landing) -> None:
    """Each reason is one line."""
    landing.csv("good.csv", landing.days(count=1))
    landing.file("notes.txt", b"Jane Doe")
    landing.file("no ending", b"Jane Doe")
    landing.file("broken.xlsx", b"Jane Doe")
    landing.file("broken.json.gz", b"Jane Doe")
    landing.file("copy of broken.json.gz", b"Jane Doe")
    landing.file("empty.csv", b"")
    landing.file("quotes.csv", b'Date;CallsOffered\n"Jane Doe;1\n')
    landing.file("rows.csv", b'Jane Doe;"604\n555"\n')
    landing.csv("missing.csv", [["Jane Doe"]], columns=("Date",))
    landing.csv("twice.csv", [], columns=("Date", "CallsOffered", "Jane\tDoe", "date"))
    landing.sheets("sheets.xlsx", {name: [("Date", "CallsOffered")] for name in ("Jane Doe", "John Doe")})

    done, again = (ingest_calls(lake, landing, skip_unreadable=True) for _ in range(2))

    assert {*done.skipped} == {path.name for path in landing.folder.iterdir()} - {"good.csv"}
    assert again.skipped == done.skipped
    for name, reason in done.skipped.items():
        assert reason, name
        assert not [part for part in ("\n", "\r", "\t", "Doe", "604", name) if part in reason], reason
    assert done.skipped["missing.csv"] == (
        "column 'CallsOffered' is missing. Found: ['Date']. Did the source rename or drop it?"
    )


def test_files_of_two_layouts_share_one_table(lake: SparkSession, landing) -> None:
    layouts = {"new": ("Date", "Calls"), "old": ("DATE", "Line"), "oldest": ("Day", "Calls", "Weather"), "x": ("line",)}
    landing.csv("new.csv", [["2024-01-01", 5, "x"]], columns=("Date", "Calls", "Note"))
    landing.workbook("oldest.xlsx", [["2022-01-01", 4, "dry"]], columns=("Day", "Calls", "Weather"))

    done = ingest(lake, dataset="calls", landing=str(landing), layouts=layouts, run_id=RUN, now=NOW)

    assert (done.rows, done.extra_columns) == (2, ("Note",))
    # Raw also has the columns of layouts that no file matches. Spark ignores case, so `DATE` and `Date` are one column.
    columns = [name for name in lake.table(RAW).columns if not name.startswith("_")]
    assert sorted(columns) == ["Calls", "Date", "Day", "Line", "Note", "Weather"]
    assert raw(lake, "_layout", "Date", "Day", "Calls", "Weather", "Line", "Note") == [
        ("new", "2024-01-01", None, "5", None, None, "x"),
        ("oldest", None, "2022-01-01", "4", "dry", None, None),
    ]


def test_error_for_missing_column_shows_closest_layout(lake: SparkSession, landing) -> None:
    layouts = {"new": ("Date", "Calls"), "old": ("Day", "Calls", "Line")}
    landing.csv("a.csv", [], columns=("Day", "Line", "Number"))
    landing.csv("b.csv", [], columns=("Day", "Calls", "Line"))

    with pytest.raises(LandedFilesError) as caught:
        ingest(lake, dataset="calls", landing=str(landing), layouts=layouts, run_id=RUN, now=NOW)

    expected = (
        "a.csv (as old): column 'Calls' is missing. Found: ['Day', 'Line', 'Number']. Did the source rename or drop it?"
    )
    assert caught.value.problems == (expected,)
    assert not exists(lake, RAW)


def test_parquet_files_are_landed_like_other_files(lake: SparkSession, landing) -> None:
    """A Parquet file whose rows are damaged stops the ingest. With `skip_unreadable`, the file is skipped."""
    days, extra = [f"2024-01-{day:02}" for day in range(1, 32)] * 300, [f"{number}" for number in range(9300)]
    table = pa.table({"Date": days, "CallsOffered": pa.array(range(9300)), "Note": extra})
    pq.write_table(table.slice(0, 2), landing.folder / "good.PARQUET")
    pq.write_table(table, landing.folder / "bad.parquet", compression="none", write_page_checksum=True)
    content = bytearray((landing.folder / "bad.parquet").read_bytes())
    content[len(content) // 2] ^= 0xFF
    landing.file("bad.parquet", bytes(content))
    landing.csv("also good.csv", [["2024-02-01", 7]], columns=("Date", "CallsOffered"))

    with pytest.raises(LandedFilesError, match=r"1 landed file.*\n  - bad.parquet: Spark cannot read the rows"):
        ingest_calls(lake, landing)
    done = ingest_calls(lake, landing, skip_unreadable=True)

    assert (done.rows, done.extra_columns, [*done.skipped]) == (3, ("Note",), ["bad.parquet"])
    assert raw(lake, "Date", "CallsOffered", "_source_file", "_row_number", "_layout") == [
        ("2024-02-01", "7", "also good.csv", 2, "calls"),
        ("2024-01-01", "0", "good.PARQUET", 1, "calls"),
        ("2024-01-02", "1", "good.PARQUET", 2, "calls"),
    ]
    assert ingest_calls(lake, landing, skip_unreadable=True).rows == 0
