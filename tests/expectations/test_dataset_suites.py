"""For the suite of each dataset, the gate and Great Expectations return the same results for the same rows.

A dataset takes part if its tests have a `SUITE_CASE`.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.core import TABLE_LEVEL
from expectations.gate import compile_gate
from expectations.standard import load_suite, suite_text
from tests.transforms.datasets.frames import SuiteCase, own_test_value, source_columns
from transforms.candidates import build_candidates
from transforms.dataset import Dataset
from transforms.datasets import dataset_names, load_dataset

ARRIVED = datetime(2024, 12, 1, tzinfo=timezone.utc)
LINEAGE = (
    "_malformed_record string, _date_system int, _source_file string, _row_number int, _modified_at timestamp, "
    "_ingested_at timestamp, _is_current boolean"
)
UNIQUE_TYPES = {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}
KEY = b"32 bytes at least: a made-up key."


def raw_rows(spark: SparkSession, dataset: Dataset, case: SuiteCase, *, count: int) -> DataFrame:
    names, rows = [*source_columns(dataset), "_layout"], []
    for number in range(count):
        bad = {name: cells[number] for name, cells in case.bad.items() if number in cells}
        row = {"_layout": next(iter(dataset.layouts)), **case.good(number), **bad}
        rows.append((*map(row.get, names), None, None, "2024.csv", number + 2, ARRIVED, ARRIVED, True))
    schema = ", ".join(f"`{name}` string" for name in names)
    return spark.createDataFrame(rows, f"{schema}, {LINEAGE}")


def has_case(dataset: str) -> bool:
    return own_test_value(dataset, "SUITE_CASE") is not None


@pytest.mark.parametrize("dataset", filter(has_case, dataset_names()))
def test_the_gate_and_gx_return_the_same_results(spark, validate_with_gx, dataset: str) -> None:
    case, definition = own_test_value(dataset, "SUITE_CASE"), load_dataset(dataset)
    key = KEY if definition.uses_masking_key else None
    raw = raw_rows(spark, definition, case, count=120)
    rows = build_candidates(raw, dataset=definition, masking_key=key)

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
    table = [entry for entry in entries if entry["type"] in TABLE_LEVEL]
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
    unmet = [entry for entry, their in theirs if not their["success"]]
    blocked_by = {entry["id"] for entry in unmet if entry.get("severity", "critical") == "critical"}
    assert blocked_by == case.blocked_by
