"""What is shown after a run, of tables that stand here."""

from __future__ import annotations

import json

import pytest
from pyspark.sql import SparkSession

from lake.ledger import StageResult, record_stage
from workflows import runs

_QUARANTINED = (
    "_source_file string, _row_number int, date date, "
    "_cast_failures array<struct<column: string, value: string, expected: string>>, "
    "_failed_expectations array<string>, _blocked_by array<string>"
)


def judged(lake: SparkSession, run_id: str, observed: int) -> None:
    config = {"id": "some_calls", "severity": "warning", "type": "expect_column_sum_to_be_between"}
    config["kwargs"] = {"column": "calls_offered", "min_value": 1}
    found = {"success": observed > 0, "expectation_config": config, "result": {"observed_value": observed}}
    result = StageResult(validation_result=json.dumps({"results": [found | {"exception_info": {}}]}))
    record_stage(lake, lambda: result, run_id=run_id, workflow=None, job="contact_centre", stage="refine")


def test_quarantine_has_the_files_names_and_each_warning_its_line(
    lake: SparkSession, capsys: pytest.CaptureFixture
) -> None:
    lake.sql("CREATE NAMESPACE lake.quarantine")
    lake.sql("CREATE NAMESPACE lake.trusted")
    row = ("a.csv", 2, None, [("calls_offered", "n/a", "int")], ["every_cell_readable"], None)
    lake.createDataFrame([row], _QUARANTINED).writeTo("lake.quarantine.contact_centre").create()
    warned = lake.createDataFrame([(["handled_and_abandoned_at_most_offered"],), (None,)], "_warnings array<string>")
    warned.writeTo("lake.trusted.contact_centre").create()
    judged(lake, "r1", 5)
    judged(lake, "r2", 0)
    failed = StageResult(error=ValueError("stop"))
    with pytest.raises(ValueError, match="stop"):
        record_stage(lake, lambda: failed, run_id="r3", workflow=None, job="contact_centre", stage="refine")

    runs._show(lake, "contact_centre", answers=0, most=8)

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "│ a.csv │ 2 │ CallsOffered: 'n/a' is not a valid int │" in lines
    warnings = lines[lines.index("Warnings: expectations that published rows do not meet") + 1 :]
    assert warnings[0].startswith("handled_and_abandoned_at_most_offered (1 row): ")
    assert warnings[1].startswith("some_calls (observed 0; expected: sum of calls_offered ≥ 1): ")
    assert warnings[2:] == [""]


def test_of_a_first_delivery_that_was_blocked_quarantine_is_shown_with_the_names_of_all_forms(
    lake: SparkSession, capsys: pytest.CaptureFixture
) -> None:
    for zone in ("quarantine", "trusted"):
        lake.sql(f"CREATE NAMESPACE lake.{zone}")
    row = ("a.csv", 2, None, [("created_at", "n/a", "time")], ["every_cell_readable"], ["every_cell_readable"])
    lake.createDataFrame([row], _QUARANTINED).writeTo("lake.quarantine.service_requests").create()
    lake.createDataFrame([], "_warnings array<string>").writeTo("lake.trusted.service_requests").create()
    judged(lake, "r1", 5)

    runs._show(lake, "service_requests", answers=1, most=8)

    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert ": no answer yet" in shown
    assert "Case Created dttm or " in shown
