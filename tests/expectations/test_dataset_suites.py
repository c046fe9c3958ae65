"""Great Expectations itself, given a dataset's suite and the same rows, comes to the gate's verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import resources

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.gate import judge
from expectations.suite import load_suite
from transforms.datasets import contact_centre, inquiry_volume

ARRIVED = datetime(2024, 12, 1, tzinfo=timezone.utc)
LINEAGE = (
    "_malformed_record string, _source_file string, _row_number int, _delivered_at timestamp, _ingested_at timestamp"
)
AMONG_ROWS_THAT_PASS = {  # uniqueness, and whatever is of a whole table: the gate asks it of what is published
    "expect_column_values_to_be_unique",
    "expect_compound_columns_to_be_unique",
    "expect_table_row_count_to_be_between",
    "expect_column_sum_to_be_between",
    "expect_column_unique_value_count_to_be_between",
}


@dataclass(frozen=True)
class Case:
    """A dataset: how its rows are built, its columns, a good row by number, its bad cells, and what they refuse."""

    build: Callable[[DataFrame], DataFrame]
    columns: str
    good: Callable[[int], list[str | None]]
    bad: dict[int, tuple[int, str | None]]
    refused: set[str]

    def raw_rows(self, count: int) -> list[tuple]:
        rows = []
        for number in range(count):
            cells = self.good(number)
            if number in self.bad:
                place, value = self.bad[number]
                cells[place] = value
            rows.append((*cells, None, "2024.csv", number + 2, ARRIVED, ARRIVED))
        return rows


CASES = {
    "contact_centre": Case(
        contact_centre.build_calls,
        "Date string, CallsOffered string, CallsHandled string, CallsAbandoned string, AverageSpeedofAnswer string, "
        "ServiceLevel string, BI_ID string",
        lambda number: [
            f"2024-{1 + number // 28:02}-{1 + number % 28:02}",
            *("100", "90", "8", "12.5", "0.8", "1"),
        ],
        {3: (1, "n/a"), 5: (2, "-7"), 8: (3, "500"), 11: (0, "2030-01-01"), 13: (5, None), 17: (4, "90000")}
        | dict.fromkeys(range(30, 37), (2, "-1")),  # more than `mostly` lets through
        {"calls_handled_not_negative"},
    ),
    "inquiry_volume": Case(
        inquiry_volume.build_inquiries,
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
            62: (1, "Type 5"),  # of the same month as row 5, whose number is -7: one key with two numbers
            **dict.fromkeys(range(70, 77), (4, "-1")),  # more than `mostly` lets through
        },
        {"number_not_negative"},
    ),
}


@pytest.mark.parametrize("dataset", CASES)
def test_gx_agrees_with_the_gate(spark, by_gx, dataset: str) -> None:
    case = CASES[dataset]
    rows = case.build(spark.createDataFrame(case.raw_rows(120), f"{case.columns}, {LINEAGE}"))

    judged = judge(rows, suite=load_suite(dataset))  # without a key, so that both see the same rows
    marked = judged.rows.localCheckpoint()
    verdict = judged.verdict(marked)

    # GX cannot write arrays of structs into its result; whether there are failures is all that the suite asks.
    whole = rows.withColumn("_cast_failures", F.to_json("_cast_failures")).localCheckpoint()
    passing = marked.where("NOT _quarantined").select(*rows.columns)
    text = resources.files("expectations.suites").joinpath(f"{dataset}.json").read_text(encoding="utf-8")
    entries = json.loads(text)["expectations"]
    among = [entry for entry in entries if entry["type"] in AMONG_ROWS_THAT_PASS]
    others = [entry for entry in entries if entry not in among]
    theirs = [*zip(others, by_gx(whole, others), strict=True), *zip(among, by_gx(passing, among), strict=True)]

    found = {item["expectation_config"]["id"]: item for item in verdict.to_json_dict()["results"]}
    assert set(found) == {entry["id"] for entry, _ in theirs}
    for entry, gx in theirs:
        ours = found[entry["id"]]
        assert ours["success"] == gx["success"], (entry["id"], ours["result"], gx["result"])
        for name in ("element_count", "unexpected_count", "missing_count", "unexpected_percent", "observed_value"):
            assert ours["result"].get(name) == gx["result"].get(name), (entry["id"], name, ours["result"], gx["result"])
    refused = {entry["id"] for entry, gx in theirs if entry["severity"] == "critical" and not gx["success"]}
    assert refused == case.refused
