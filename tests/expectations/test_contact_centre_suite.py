"""Great Expectations itself, given the contact centre's suite and the same rows, comes to the gate's verdict."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from importlib import resources

import pytest
from pyspark.sql import functions as F

from expectations.gate import judge
from expectations.suite import load_suite
from transforms.datasets import contact_centre

os.environ["GX_ANALYTICS_ENABLED"] = "false"

RAW = (
    "Date string, CallsOffered string, CallsHandled string, CallsAbandoned string, AverageSpeedofAnswer string, "
    "ServiceLevel string, BI_ID string, _malformed_record string, _source_file string, _row_number int, "
    "_delivered_at timestamp, _ingested_at timestamp"
)
ARRIVED = datetime(2024, 12, 1, tzinfo=timezone.utc)
BAD_CELLS = {3: (1, "n/a"), 5: (2, "-7"), 8: (3, "500"), 11: (0, "2030-01-01"), 13: (5, None), 17: (4, "90000")}


def raw_rows(count: int, bad: dict[int, tuple[int, str | None]]) -> list[tuple]:
    rows = []
    for number in range(count):
        cells: list[str | None] = [
            f"2024-{1 + number // 28:02}-{1 + number % 28:02}",
            "100",
            "90",
            "8",
            "12.5",
            "0.8",
            "1",
        ]
        if number in bad:
            place, value = bad[number]
            cells[place] = value
        rows.append((*cells, None, "2024.csv", number + 2, ARRIVED, ARRIVED))
    return rows


def validate_with_gx(rows) -> dict:
    import great_expectations as gx
    from great_expectations.core.expectation_suite import ExpectationSuite

    text = resources.files("expectations.suites").joinpath("contact_centre.json").read_text(encoding="utf-8")
    asset = gx.get_context(mode="ephemeral").data_sources.add_spark("s").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": rows})
    return batch.validate(ExpectationSuite(**json.loads(text))).to_json_dict()


@pytest.mark.parametrize(("count", "met"), [(200, True), (18, False)])
def test_gx_agrees_with_the_gate(spark, count: int, met: bool) -> None:
    raw = spark.createDataFrame(raw_rows(count, BAD_CELLS), RAW)
    calls = contact_centre.build_calls(raw)

    judged = judge(calls, suite=load_suite("contact_centre"), key=contact_centre.KEY, order_by=contact_centre.LATEST)
    ours = judged.verdict(judged.rows).to_json_dict()
    # GX cannot write arrays of structs into its result; whether there are failures is all that the suite asks.
    theirs = validate_with_gx(calls.withColumn("_cast_failures", F.to_json("_cast_failures")))

    assert ours["success"] == theirs["success"] == met
    found = {item["expectation_config"]["id"]: item for item in theirs["results"]}
    for item in ours["results"]:
        gx = found[item["expectation_config"]["id"]]
        assert item["success"] == gx["success"], item
        if item["expectation_config"]["id"] == "one_row_a_day":  # uniqueness is judged among the rows that pass
            failing = judged.rows.where("_quarantined").count()
            assert item["result"]["element_count"] == gx["result"]["element_count"] - failing
            assert item["result"]["unexpected_count"] == gx["result"]["unexpected_count"] == 0
            continue
        for name in ("element_count", "unexpected_count", "missing_count", "unexpected_percent"):
            assert item["result"].get(name) == gx["result"].get(name), (item, gx)
