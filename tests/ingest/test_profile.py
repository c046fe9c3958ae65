"""Test the findings about files: types, unreadable cells, the key, the event time and a wrong offset from UTC."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta, timezone
from io import StringIO

import pytest

from ingest.profile import Profile, profile_files
from ingest.profile_columns import ColumnProfile
from ingest.storage import list_files

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def profile(landing):
    def write_and_profile(**columns) -> Profile:
        """Profile a csv file. The keys are the headers, and the values are the cells."""
        text = StringIO()
        csv.writer(text).writerows([[*columns], *zip(*columns.values(), strict=True)])
        file = landing.file("a.csv", text.getvalue().encode())
        return profile_files(list_files(str(file)), now=NOW)

    return write_and_profile


@pytest.fixture
def column(profile):
    def profile_one(*cells: str, header: str = "value") -> ColumnProfile:
        return profile(**{"row": [f"r{n}" for n in range(len(cells))], header: cells}).columns[1]

    return profile_one


@pytest.mark.parametrize(
    ("header", "cells", "type_"),
    [
        ("value", ["1", "-2", "+3"], "int"),
        ("value", ["1", "3000000000"], "bigint"),
        ("value", ["1", "12345678901234567890"], "string"),
        ("value", ["1", "2.5", ".5", "1e3"], "double"),
        ("cost", ["1.25", "2.50"], "decimal(18,2)"),
        ("cost", ["1.255", "2.50"], "double"),
        ("value", ["true", "FALSE"], "boolean"),
        ("value", ["Yes", "No"], "boolean"),
        ("value", ["true", "false"] * 10 + ["Y"], "boolean"),
        ("value", ["true", "false"] * 2 + ["Y"], "string"),
        ("value", ["Y", "N"], "boolean"),
        ("value", ["Y", "Y"], "string"),
        ("value", ["0", "1"], "int"),
        ("value", ["a", "b"], "string"),
        ("value", ["2024-05-31", "2024-06-01"], "date"),
        ("value", ["2024-05-31T12:30:00Z", "2024-06-01T12:30:00Z"], "timestamp"),
        ("value", ["2024-05-31 12:30", "2024-06-01 12:30"], "timestamp"),
        ("value", ["20240531", "20240601"], "int"),
        ("call_date", ["20240531", "20240601"], "date"),
        ("value", ["0x10", "12d", "NaN"], "string"),
        ("zip_code", ["94110", "94112"], "string"),
    ],
)
def test_type_of_a_column(column, header, cells, type_):
    assert column(*cells, header=header).type == type_


def test_leading_zeros_stay_text(column):
    found = column("007", "012", "1")
    assert (found.type, found.values.has_leading_zeros) == ("string", True)
    assert column("0", "0.5").type == "double"


@pytest.mark.parametrize("cells", [["1,234", "12"], ["$5.00", "$6.25"], ["1.234,50 €", "7,00 €"], ["12 %", "3%"]])
def test_formatted_numbers_stay_text(column, cells):
    found = column(*cells)
    assert (found.type, found.values.is_formatted) == ("string", True)


def test_cells_of_another_type_are_counted(column):
    found = column(*map(str, range(20)), "n/a", "unknown")
    assert (found.type, found.misfits.count, found.misfits.describe()) == ("int", 2, "2 ('n/a', 'unknown')")
    found = column(*map(str, range(20)), "Ann Lee")
    assert (found.type, found.misfits.describe()) == ("int", "1 (row 22)")  # the text may be personal
    found = column(*map(str, range(6)), "a", "b", "c")
    assert (found.type, found.values.is_mixed, found.misfits.count) == ("string", True, 0)


def test_bounds_unit_and_categories(profile):
    found = profile(
        wait_minutes=["1.5", "20"] * 4, kind=["a", "b"] * 4, day=["2024-05-31", "2024-06-01"] * 4, e=[""] * 8
    )
    wait, kind, day, empty = found.columns
    assert (wait.bounds, wait.unit) == (("1.5", "20"), "minutes")
    assert (kind.is_category, kind.distinct, wait.is_category) == (True, 2, False)
    assert day.bounds == ("2024-05-31", "2024-06-01")
    assert (empty.is_empty, empty.type, day.is_empty) == (True, "string", False)


def test_personal_columns_have_no_bounds_and_are_no_key(profile):
    found = profile(student_id=[str(n * n) for n in range(40)], code=[f"c{n}" for n in range(40)])
    assert found.columns[0].personal.action == "redact"
    assert found.columns[0].bounds is None
    assert found.key.columns == ("code",)


def test_columns_with_blank_cells_are_no_key(profile):
    assert profile(case_id=["", *(f"c{n}" for n in range(39))], day=[f"d{n}" for n in range(40)]).key.columns == (
        "day",
    )


@pytest.mark.parametrize(
    ("header", "cells", "found"),
    [
        ("value", ["9223372036854775807"], ("bigint", False)),
        ("value", ["9223372036854775808"], ("string", True)),
        ("ratio", ["12345678901234567891.5", "12345678901234567892.5"], ("string", True)),
        ("ratio", [*(f"{number}.5" for number in range(19)), "12345678901234567892.5"], ("double", False)),
        ("amount", ["9999999999999999.25"], ("decimal(18,2)", False)),
        ("amount", ["1234567890123456789.25"], ("string", True)),
    ],
)
def test_numbers_that_no_type_holds_stay_text(column, header, cells, found):
    values = column(*cells, header=header).values
    assert (values.type, values.is_too_long) == found


def test_identical_rows_with_an_identifier_do_not_prevent_a_key(profile):
    found = profile(case_id=["a", "b", "a"], day=["x", "y", "x"])
    assert (found.key.columns, found.identical_rows) == (("case_id",), 1)


def test_identical_rows_without_an_identifier_can_be_different_records(profile):
    found = profile(kind=["a", "b", "a"], colour=["x", "y", "x"])
    assert (found.key.columns, found.identical_rows) == ((), 1)


def test_event_time_is_a_complete_column_that_is_not_in_the_future(profile):
    days = ["2024-05-01", "2024-05-02"]
    found = profile(due=["2024-05-01", "2090-01-01"], closed_on=days, opened_on=days, seen=["2024-05-01", ""])
    assert found.event_time == "opened_on"
    assert profile(closed_on=days, kind=["a", "b"]).event_time == "closed_on"
    assert profile(due=["2024-05-01", "2090-01-01"], kind=["a", "b"]).event_time is None
    assert profile(birth_date=days, kind=["a", "b"]).event_time is None


def local_times(*, hours: int = 0, offset: str = "+00:00"):
    """Return times every 50 minutes, and the dates that a clock shows which is `hours` behind these times."""
    times = [datetime(2024, 1, 1, 0, 12) + timedelta(minutes=50 * number) for number in range(200)]
    dates = [f"{time - timedelta(hours=hours):%m/%d/%Y}" for time in times]
    return [f"{time:%Y-%m-%dT%H:%M:%S}{offset}" for time in times], dates


@pytest.mark.parametrize("offset", ["+00:00", "Z"])
def test_local_times_with_the_offset_of_utc_are_suspicious(profile, offset):
    times, dates = local_times(offset=offset)
    (conflict,) = profile(received=times, call_date=dates).conflicts
    assert (conflict.column, conflict.date, conflict.offset, conflict.rows) == ("received", "call_date", offset, 200)
    assert conflict.near_midnight > 40
    without_seconds = [time.replace(":00" + offset, offset) for time in times]
    assert len(profile(received=without_seconds, call_date=dates).conflicts) == 1


def test_later_times_with_the_same_wrong_offset_are_suspicious_too(profile):
    times, dates = local_times()
    arrivals = [f"{datetime.fromisoformat(time) + timedelta(minutes=45):%Y-%m-%dT%H:%M:%S}+00:00" for time in times]
    other = [f"{time[:-6]}+01:00" for time in times]
    found = profile(arrived=arrivals, received=times, exported=other, call_date=dates).conflicts
    assert [(item.column, item.similar_column) for item in found] == [("received", ""), ("arrived", "received")]


def test_times_that_are_really_in_utc_are_not_suspicious(profile):
    times, dates = local_times(hours=8)
    assert profile(received=times, call_date=dates).conflicts == ()


def test_times_far_from_midnight_are_not_suspicious(profile):
    times = [f"2024-01-{day:02}T12:00:00Z" for day in range(1, 29)]
    assert profile(received=times, call_date=[time[:10] for time in times]).conflicts == ()


def test_serial_numbers_are_dates_only_in_workbooks(landing):
    book = landing.workbook("a.xlsx", [(45413, 1), (45414, 2)], ["Call Date", "Calls"])
    found = profile_files(list_files(str(book)), now=NOW)
    assert [(column.type, column.values.kind) for column in found.columns] == [("date", "serial"), ("int", "number")]
    text = landing.file("a.csv", b"Call Date,Calls\n45413,1\n")
    assert profile_files(list_files(str(text)), now=NOW).columns[0].type == "int"


def test_places_name_the_file_if_there_are_several(landing):
    cells = "\n".join(str(n) for n in range(20))
    files = [landing.file(f"{name}.csv", f"value\n{cells}\nx y\n".encode()) for name in ("a", "b")]
    found = profile_files([file for path in files for file in list_files(str(path))], now=NOW)
    assert found.columns[0].misfits.describe() == "2 (row 22 of a.csv, row 22 of b.csv)"


def test_rows_beyond_the_maximum_are_not_read(landing):
    file = landing.file("a.csv", "\n".join(["value", *map(str, range(100))]).encode())
    found = profile_files(list_files(str(file)), max_rows=10, now=NOW)
    assert (found.rows, found.is_complete, found.key.doubts[-1]) == (10, False, "some rows were not read")
