"""For the suite of each dataset, the gate and Great Expectations return the same results for the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.gate import compile_gate
from expectations.standard import load_suite, suite_text
from transforms.candidates import build_candidates
from transforms.datasets import (
    load_dataset,
    police_dispatch,
    service_requests,
)

ARRIVED = datetime(2024, 12, 1, tzinfo=timezone.utc)
LINEAGE = (
    "_malformed_record string, _date_system int, _source_file string, _row_number int, _modified_at timestamp, "
    "_ingested_at timestamp, _is_current boolean"
)
UNIQUE_TYPES = {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}
TABLE_TYPES = {
    "expect_table_row_count_to_be_between",
    "expect_column_sum_to_be_between",
    "expect_column_unique_value_count_to_be_between",
    "expect_column_distinct_values_to_contain_set",
    "expect_column_mean_to_be_between",
}


KEY = b"32 bytes at least: a made-up key."


@dataclass(frozen=True)
class Case:
    """Raw rows of a dataset.

    Attributes:
        columns: The columns of the raw rows.
        good: A function that takes the position of a row and returns a good row as a dictionary.
        bad: For each column with bad values, a dictionary that maps the position of a row to its bad value.
        blocked_by: The ids of the critical expectations that the rows do not meet.
    """

    columns: Sequence[str]
    good: Callable[[int], dict[str, str]]
    bad: dict[str, dict[int, str | None]]
    blocked_by: set[str]

    def raw_rows(self, spark: SparkSession, count: int) -> DataFrame:
        rows = []
        for number in range(count):
            bad = {name: cells[number] for name, cells in self.bad.items() if number in cells}
            row = self.good(number) | bad
            rows.append((*map(row.get, self.columns), None, None, "2024.csv", number + 2, ARRIVED, ARRIVED, True))
        schema = ", ".join(f"`{name}` string" for name in self.columns)
        return spark.createDataFrame(rows, f"{schema}, {LINEAGE}")


CALLS = ("Date", "CallsOffered", "CallsHandled", "CallsAbandoned", "AverageSpeedofAnswer", "ServiceLevel", "BI_ID")
INQUIRIES = ("Department", "Type", "Year Month", "Channel", "Number of Records", "BI_ID")
REGISTRAR = (
    *("_layout", "Student ID", "First Name", "Last Name", "E-mail", "Phone", "Date of Birth", "Address"),
    *("Programme", "Intake", "Received Date", "Status", "Completed Date", "Enrolled Date", "Withdrawn Date", "Reason"),
)
DISPATCH = [field.source for field in police_dispatch.DATASET.layouts["police_dispatch"]]
FIELDS = [field for layout in service_requests.DATASET.layouts.values() for field in layout]
REQUESTS = [*{field.source.casefold(): field.source for field in FIELDS}.values(), "_layout"]


def make_calls(number: int) -> dict[str, str]:
    day = f"2024-{1 + number // 28:02}-{1 + number % 28:02}"
    return dict(zip(CALLS, [day, "100", "90", "8", "12.5", "0.8", "1"], strict=True))


def make_inquiries(number: int) -> dict[str, str]:
    month = f"2024-{1 + number % 11:02}"
    return dict(zip(INQUIRIES, ["ENG - Parking", f"Type {number}", month, "Phone", "100"], strict=False))


def make_record(number: int) -> dict[str, str]:
    """Return an application, an enrolment or a withdrawal. Each student has all three records, in this order."""
    student = {"Student ID": f"S{100_000 + number // 3}", "First Name": "Ann", "Last Name": "Novak"}
    student |= {"Programme": "Nursing", "Intake": "Fall 2024"}
    contact = {"E-mail": "ann@example.org", "Phone": "604-555-0123", "Address": "1 Example St"}
    dates = {"Date of Birth": "2001-02-03", "Received Date": "2024-02-01", "Completed Date": "2024-03-01"}
    return (
        student
        | [
            {"_layout": "application", **contact, **dates, "Status": "Complete"},
            {"_layout": "enrolment", "Enrolled Date": "2024-04-01"},
            {"_layout": "withdrawal", "Withdrawn Date": "2024-05-01", "Reason": "Health"},
        ][number % 3]
    )


def make_incident(number: int) -> dict[str, str]:
    """Return an incident. `dispatch_arrive` and `arrive_cleared` are in seconds."""
    day = f"2024-07-{1 + number % 28:02}"
    return {
        "incident_id": f"P{number}", "start_time": f"{day}T13:05:22.000", "end_time": f"{day}T14:05:22.000",
        "priority": "2", "initial_type": "NOISE", "city": "ROCKVILLE", "longitude": "-77.15", "latitude": "39.08",
        "dispatch_arrive": "300", "arrive_cleared": "900", "row_ts": "2024-08-01 12:00:00",
    }  # fmt: skip


def make_request(_: int) -> dict[str, str]:
    """Return a service request in the layout of Denver."""
    return {
        "Case Summary": "Pothole", "Case Status": "Closed - Answer Provided", "Case Source": "Phone",
        "Agency": "Safety", "Case Created dttm": "07/04/2024 01:30:00 PM", "Longitude": "-104.99", "Latitude": "39.73",
        "Case Closed dttm": "07/05/2024 01:30:00 PM", "_layout": "denver",
    }  # fmt: skip


CASES = {
    "contact_centre": Case(
        CALLS,
        make_calls,
        {
            "Date": {11: "2030-01-01", 40: None, 42: "2001-01-01", 44: "2024-01-01"},  # Rows 0 and 44 have equal dates.
            "CallsOffered": {3: "n/a", 48: "-5"},
            "CallsHandled": {5: "-7", 46: None, 52: "101", **dict.fromkeys(range(30, 37), "-1")},
            "CallsAbandoned": {8: "500", 50: "-5"},
            "AverageSpeedofAnswer": {17: "90000"},
            "ServiceLevel": {13: None, 54: "1.5"},
            "BI_ID": {56: "first"},
        },
        {"calls_handled_not_negative", "one_row_per_key"},
    ),
    "inquiry_volume": Case(
        INQUIRIES,
        make_inquiries,
        {
            "Department": {13: None, 27: "Festival Office", 41: "Phone"},
            # Rows 5 and 60 have the same key, but different values of "Number of Records". Rows 52 and 63 have the
            # same key and the same value of "Number of Records".
            "Type": {36: None, 60: "Type 5", 63: "Type 52"},
            "Year Month": {3: "2024-13", 11: "2030-01", 31: "1999-01"},
            "Channel": {8: None, 23: "Kiosk"},
            "Number of Records": {5: "-7", 17: "90000", 57: None, **dict.fromkeys(range(70, 77), "-1")},
            "BI_ID": {45: "first"},
        },
        {"number_not_negative", "one_row_per_key"},
    ),
    "police_dispatch": Case(
        DISPATCH,
        make_incident,
        {
            "incident_id": {3: "", **dict.fromkeys(range(50, 112))},
            "start_time": {
                6: None,
                12: "1999-06-30T23:00:00.000",
                15: "2030-01-01T00:00:00.000",
                9: "2024-03-10T02:30:00.000",  # On this date, the clocks skip 2:30.
            },
            "end_time": {36: "2024-06-30T13:00:00.000"},
            "priority": {18: "high", 30: "5"},
            "initial_type": {24: " "},
            "city": {27: None},
            "longitude": {33: "0"},
            "dispatch_arrive": {21: "-1", 39: "86401"},
            "arrive_cleared": {42: "86401"},
        },
        {"incident_id_present"},
    ),
    "registrar": Case(
        REGISTRAR,
        make_record,
        {  # Rows 0, 3, 6… are applications. Rows 1, 4, 7… are enrolments. Rows 2, 5, 8… are withdrawals.
            "Student ID": {60: "see note 5", 71: "Total", 77: None, 80: "S100010"},  # Row 32 has the same ID as row 80.
            "First Name": {39: None},
            "Last Name": {42: None},
            "E-mail": {33: None, 36: "at home"},
            "Date of Birth": {27: "in spring", 30: "1850-01-01"},
            "Programme": {83: None},
            "Intake": {63: None, 66: "next year", 73: "Fall 2023"},
            "Received Date": {3: "03/04/2022", 6: None, 9: "1985-02-01", 12: "2030-02-01"},
            "Status": {15: "ask Ann", 18: "In Review"},
            "Completed Date": {21: None, 24: "2030-02-01", **dict.fromkeys(range(45, 60, 3), "2023-12-24")},
            "Enrolled Date": {70: None},
            "Withdrawn Date": {86: None, 89: "2024-03-15", 92: "2030-01-01"},
            "Reason": {95: "spoke to Ann"},
        },
        {"completed_not_before_received", "one_row_per_key"},
    ),
    "service_requests": Case(
        REQUESTS,
        make_request,
        {
            "_layout": {3: "boulder"},
            "Case Created dttm": {
                5: "01/01/1999 01:00:00 PM",
                8: "01/01/2099 01:00:00 PM",
                **dict.fromkeys(range(60, 73), "soon"),
            },
            "Incident Zip Code": {11: "00000"},
            "Case Status": {13: "Merged", 19: "New"},
            "Case Closed dttm": {17: "07/04/2024 01:00:00 PM"},
            "Longitude": {23: "39.73"},
            "Agency": {29: None},
            "Case Source": {31: " "},
            "Case Summary": {37: "Other"},
        },
        {"every_cell_readable", "created_at_present", "case_key_present"},
    ),
}


@pytest.mark.parametrize("dataset", CASES)
def test_the_gate_and_gx_return_the_same_results(spark, validate_with_gx, dataset: str) -> None:
    case = CASES[dataset]
    definition = load_dataset(dataset)
    key = KEY if definition.uses_masking_key else None
    rows = build_candidates(case.raw_rows(spark, 120), dataset=definition, masking_key=key)

    gate = compile_gate(rows, suite=load_suite(dataset))
    marked = gate.rows.localCheckpoint()
    validation = gate.validate(marked)

    # GX cannot write arrays of structs into a result, so GX gets the arrays as JSON text. The results stay comparable,
    # because the suites only test whether the arrays are null.
    failures = [name for name in rows.columns if name.startswith("_cast_")]
    all_rows = rows.withColumns({name: F.to_json(name) for name in failures}).localCheckpoint()
    passing = marked.where("NOT _quarantined").select(*rows.columns)
    entries = json.loads(suite_text(definition))["expectations"]
    unique = [entry for entry in entries if entry["type"] in UNIQUE_TYPES]
    table = [entry for entry in entries if entry["type"] in TABLE_TYPES]
    others = [entry for entry in entries if entry not in [*unique, *table]]
    # The gate validates table-level expectations on the rows that would be published. The gate validates uniqueness
    # expectations on the rows that would be published and on the rows that fail only uniqueness expectations.
    ids = F.array(*(F.lit(entry["id"]) for entry in unique)).cast("array<string>")
    repeated = gate.rows_for_quarantine(marked).where(F.size(F.array_except("_failed_expectations", ids)) == 0)
    batches = (others, all_rows), (table, passing), (unique, passing.union(repeated.select(*rows.columns)))
    theirs = [pair for batch, frame in batches for pair in zip(batch, validate_with_gx(frame, batch), strict=True)]

    ours = {item["expectation_config"]["id"]: item for item in validation.results}
    assert set(ours) == {entry["id"] for entry, _ in theirs}
    for entry, their in theirs:
        our = ours[entry["id"]]
        assert our["success"] == their["success"], (entry["id"], our["result"], their["result"])
        for name in ("element_count", "unexpected_count", "missing_count", "unexpected_percent", "observed_value"):
            assert our["result"].get(name) == their["result"].get(name), (entry["id"], name)
    # For each row-level expectation, at least one row must fail.
    assert all(their["result"]["unexpected_count"] for entry, their in theirs if entry not in table)
    blocked_by = {
        entry["id"]
        for entry, their in theirs
        if entry.get("severity", "critical") == "critical" and not their["success"]
    }
    assert blocked_by == case.blocked_by
