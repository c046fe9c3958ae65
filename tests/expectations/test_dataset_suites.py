"""For each dataset's suite, the gate and Great Expectations return the same results for the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from importlib import resources

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.gate import compile_gate
from expectations.suite import load_suite
from transforms.datasets import contact_centre, inquiry_volume, police_dispatch, registrar, service_requests

ARRIVED = datetime(2024, 12, 1, tzinfo=timezone.utc)
LINEAGE = (
    "_malformed_record string, _source_file string, _row_number int, _modified_at timestamp, _ingested_at timestamp, "
    "_is_current boolean"
)
UNIQUE_TYPES = {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}
TABLE_TYPES = {
    "expect_table_row_count_to_be_between",
    "expect_column_sum_to_be_between",
    "expect_column_unique_value_count_to_be_between",
    "expect_column_distinct_values_to_contain_set",
    "expect_column_mean_to_be_between",
}


@dataclass(frozen=True)
class Case:
    """Raw rows of a dataset.

    Attributes:
        build: The dataset's build function.
        columns: The DDL of the columns.
        good: Returns the cells of a good row by its number.
        bad: The position and value of a bad cell, by row number.
        blocked_by: The critical expectations that are not met.
    """

    build: Callable[[DataFrame], DataFrame]
    columns: str
    good: Callable[[int], list[str | None]]
    bad: dict[int, tuple[int, str | None]]
    blocked_by: set[str]

    def raw_rows(self, count: int) -> list[tuple]:
        rows = []
        for number in range(count):
            cells = self.good(number)
            if number in self.bad:
                position, value = self.bad[number]
                cells[position] = value
            rows.append((*cells, None, "2024.csv", number + 2, ARRIVED, ARRIVED, True))
        return rows


REGISTRAR = (
    *("_layout", "Student ID", "First Name", "Last Name", "E-mail", "Phone", "Date of Birth", "Address"),
    *("Programme", "Intake", "Received Date", "Status", "Completed Date", "Enrolled Date", "Withdrawn Date", "Reason"),
)


def registrar_cells(number: int) -> list[str | None]:
    """Return an application, an enrolment or a withdrawal. Each student has all three, in this order."""
    person = [f"S{100_000 + number // 3}", "Ann", "Novak"]
    contact = ["ann@example.org", "604-555-0123", "2001-02-03", "1 Example St"]
    course, no_contact = ["Nursing", "Fall 2024"], [None] * 4
    return [
        ["application", *person, *contact, *course, "2024-02-01", "Complete", "2024-03-01", None, None, None],
        ["enrolment", *person, *no_contact, *course, None, None, None, "2024-04-01", None, None],
        ["withdrawal", *person, *no_contact, *course, None, None, None, None, "2024-05-01", "Health"],
    ][number % 3]


DISPATCH = [field.source for field in police_dispatch.DATASET.layouts["police_dispatch"]]


def dispatch_cells(number: int) -> list[str | None]:
    """Return an incident with times of dispatch, arrival and clearance."""
    cells = {
        "incident_id": f"P{number}",
        "start_time": f"2024-07-{1 + number % 28:02}T13:05:22.000",
        "end_time": f"2024-07-{1 + number % 28:02}T14:05:22.000",
        "priority": "2",
        "initial_type": "NOISE",
        "city": "ROCKVILLE",
        "longitude": "-77.15",
        "latitude": "39.08",
        "dispatch_arrive": "300",
        "arrive_cleared": "900",
        "row_ts": "2024-08-01 12:00:00",
    }
    return [cells.get(name) for name in DISPATCH]


REQUESTS = list(
    {
        field.source.casefold(): field.source
        for layout in service_requests.DATASET.layouts.values()
        for field in layout
    }.values()
)
REQUEST = {
    "Case Summary": "Pothole", "Case Status": "Closed - Answer Provided", "Case Source": "Phone", "Agency": "Safety",
    "Case Created dttm": "07/04/2024 01:30:00 PM", "Case Closed dttm": "07/05/2024 01:30:00 PM",
    "Longitude": "-104.99", "Latitude": "39.73",
}  # fmt: skip


def request_cells(number: int) -> list[str | None]:
    """Return a request of Denver with its layout."""
    return [*(REQUEST.get(name) for name in REQUESTS), "denver"]


CASES = {
    "contact_centre": Case(
        contact_centre.DATASET.build,
        "Date string, CallsOffered string, CallsHandled string, CallsAbandoned string, AverageSpeedofAnswer string, "
        "ServiceLevel string, BI_ID string",
        lambda number: [
            f"2024-{1 + number // 28:02}-{1 + number % 28:02}",
            *("100", "90", "8", "12.5", "0.8", "1"),
        ],
        {
            3: (1, "n/a"),
            5: (2, "-7"),
            8: (3, "500"),
            11: (0, "2030-01-01"),
            13: (5, None),
            17: (4, "90000"),
            40: (0, None),
            42: (0, "2001-01-01"),
            44: (0, "2024-01-01"),  # Same day as row 0
            46: (2, None),
            48: (1, "-5"),
            50: (3, "-5"),
            52: (2, "101"),
            54: (5, "1.5"),
            56: (6, "first"),
            **dict.fromkeys(range(30, 37), (2, "-1")),  # more than `mostly` allows
        },
        {"calls_handled_not_negative", "one_row_a_day"},
    ),
    "inquiry_volume": Case(
        inquiry_volume.DATASET.build,
        "Department string, Type string, `Year Month` string, Channel string, `Number of Records` string, BI_ID string",
        lambda number: ["ENG - Parking", f"Type {number}", f"2024-{1 + number % 11:02}", "Phone", "100", None],
        {
            3: (2, "2024-13"),
            5: (4, "-7"),
            8: (3, None),
            11: (2, "2030-01"),
            13: (0, None),
            17: (4, "90000"),
            23: (3, "Kiosk"),
            27: (0, "Festival Office"),
            31: (2, "1999-01"),
            36: (1, None),
            41: (0, "Phone"),
            57: (4, None),
            45: (5, "first"),
            60: (1, "Type 5"),  # Same key as row 5, with another number
            63: (1, "Type 52"),  # Same key as row 52, with the same number
            **dict.fromkeys(range(70, 77), (4, "-1")),  # more than `mostly` allows
        },
        {"number_not_negative", "one_row_a_key"},
    ),
    "police_dispatch": Case(
        police_dispatch.DATASET.build,
        ", ".join(f"{name} string" for name in DISPATCH),
        dispatch_cells,
        {
            number: (DISPATCH.index(name), value)
            for number, name, value in (
                (3, "incident_id", ""),
                (6, "start_time", None),
                (9, "start_time", "2024-03-10T02:30:00.000"),  # Clocks skipped this hour.
                (12, "start_time", "1999-06-30T23:00:00.000"),
                (15, "start_time", "2030-01-01T00:00:00.000"),
                (18, "priority", "high"),
                (21, "dispatch_arrive", "-1"),
                (24, "initial_type", " "),
                (27, "city", None),
                (30, "priority", "5"),
                (33, "longitude", "0"),
                (36, "end_time", "2024-06-30T13:00:00.000"),
                (39, "dispatch_arrive", "86401"),
                (42, "arrive_cleared", "86401"),
                *((number, "incident_id", None) for number in range(50, 112)),  # more than `mostly` allows
            )
        },
        {"incident_id_present"},
    ),
    "registrar": Case(
        partial(registrar.DATASET.build, masking_key=b"32 bytes at least: a made-up key."),
        ", ".join(f"`{name}` string" for name in REGISTRAR),
        registrar_cells,
        {
            number: (REGISTRAR.index(name), value)
            for number, name, value in (
                # Applications
                (3, "Received Date", "03/04/2022"),
                (6, "Received Date", None),
                (9, "Received Date", "1985-02-01"),
                (12, "Received Date", "2030-02-01"),
                (15, "Status", "ask Ann"),
                (18, "Status", "In Review"),
                (21, "Completed Date", None),
                (24, "Completed Date", "2030-02-01"),
                (27, "Date of Birth", "in spring"),
                (30, "Date of Birth", "1850-01-01"),
                (33, "E-mail", None),
                (36, "E-mail", "at home"),
                (39, "First Name", None),
                (42, "Last Name", None),
                *((number, "Completed Date", "2023-12-24") for number in range(45, 60, 3)),  # more than `mostly` allows
                (60, "Student ID", "see note 5"),
                (63, "Intake", None),
                (66, "Intake", "next year"),
                # Enrolments
                (70, "Enrolled Date", None),
                (73, "Intake", "Fall 2023"),
                # Withdrawals
                (71, "Student ID", "Total"),
                (77, "Student ID", None),
                (80, "Student ID", "S100010"),  # Withdrew in row 32
                (83, "Programme", None),
                (86, "Withdrawn Date", None),
                (89, "Withdrawn Date", "2024-03-15"),
                (92, "Withdrawn Date", "2030-01-01"),
                (95, "Reason", "spoke to Ann"),
            )
        },
        {"completed_not_before_received", "one_row_a_record"},
    ),
    "service_requests": Case(
        partial(service_requests.DATASET.build, masking_key=b"32 bytes at least: a made-up key."),
        ", ".join(f"`{name}` string" for name in [*REQUESTS, "_layout"]),
        request_cells,
        {
            number: ([*REQUESTS, "_layout"].index(name), value)
            for number, name, value in (
                (3, "_layout", "boulder"),
                (5, "Case Created dttm", "01/01/1999 01:00:00 PM"),
                (8, "Case Created dttm", "01/01/2099 01:00:00 PM"),
                (11, "Incident Zip Code", "00000"),
                (13, "Case Status", "Merged"),
                (17, "Case Closed dttm", "07/04/2024 01:00:00 PM"),
                (19, "Case Status", "New"),
                (23, "Longitude", "39.73"),
                (29, "Agency", None),
                (31, "Case Source", " "),
                (37, "Case Summary", "Other"),
                *((number, "Case Created dttm", "soon") for number in range(60, 73)),  # more than `mostly` allows
            )
        },
        {"every_cell_readable", "created_time_present", "case_key_present"},
    ),
}


@pytest.mark.parametrize("dataset", CASES)
def test_the_gate_and_gx_return_the_same_results(spark, validate_with_gx, dataset: str) -> None:
    case = CASES[dataset]
    rows = case.build(spark.createDataFrame(case.raw_rows(120), f"{case.columns}, {LINEAGE}"))

    gate = compile_gate(rows, suite=load_suite(dataset))
    marked = gate.rows.localCheckpoint()
    validation = gate.validate(marked)

    # GX cannot write arrays of structs into its result. The suite only asks whether there are failures.
    failures = [name for name in rows.columns if name.startswith("_cast_")]
    all_rows = rows.withColumns({name: F.to_json(name) for name in failures}).localCheckpoint()
    passing = marked.where("NOT _quarantined").select(*rows.columns)
    text = resources.files("expectations.suites").joinpath(f"{dataset}.json").read_text(encoding="utf-8")
    entries = json.loads(text)["expectations"]
    unique = [entry for entry in entries if entry["type"] in UNIQUE_TYPES]
    table = [entry for entry in entries if entry["type"] in TABLE_TYPES]
    others = [entry for entry in entries if entry not in [*unique, *table]]
    # The gate validates table-level expectations on the rows to be published. For uniqueness it also compares the rows
    # that fail nothing else.
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
    # Every row-level expectation fails for at least one row.
    assert all(their["result"]["unexpected_count"] for entry, their in theirs if entry not in table)
    blocked_by = {entry["id"] for entry, their in theirs if entry["severity"] == "critical" and not their["success"]}
    assert blocked_by == case.blocked_by
