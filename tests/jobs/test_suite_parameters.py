"""A job gives values to the parameters of the suite, and validates again if the values change."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from expectations.errors import ExpectationsNotMetError, SuiteError
from expectations.standard import suite_of
from expectations.suite import Suite, parse_suite
from jobs import publisher
from jobs.publisher import Publisher
from jobs.stages import dataset_job
from lake.errors import NotStagedError
from lake.ledger import runs
from transforms.dataset import Dataset
from transforms.datasets import contact_centre as dataset

ENTRY = {
    "type": "expect_table_row_count_to_be_between",
    "kwargs": {"min_value": {"$PARAMETER": "rows"}},
    "id": "enough_rows",
}
TRUSTED = "lake.trusted.contact_centre"


@pytest.fixture
def _suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add an expectation with a parameter to the suite of the dataset."""
    (added,) = parse_suite(json.dumps({"name": "x", "expectations": [ENTRY]}), where="x.json").expectations

    def extended(dataset: Dataset) -> Suite:
        suite = suite_of(dataset)
        return replace(suite, expectations=(*suite.expectations, added))

    monkeypatch.setattr(publisher, "suite_of", extended)


def run(lake: SparkSession, landing: object, stage: str, *options: str) -> None:
    job = dataset_job(dataset.DATASET)
    job.run(lake, job.parse(["--stage", stage, "--landing", str(landing), *options]))


@pytest.mark.usefixtures("_suite")
def test_other_values_validate_the_rows_again(lake: SparkSession, landing) -> None:
    """Raw does not change between the runs. AWS Glue passes the values as one JSON object."""
    landing.workbook("2024.xlsx", landing.days())
    run(lake, landing, "ingest")
    with pytest.raises(
        SuiteError, match=r"expectation 'enough_rows': .* has no value. Give the value: --parameter rows="
    ):
        run(lake, landing, "refine")
    with pytest.raises(ExpectationsNotMetError, match="enough_rows: found 30, expected min_value=100"):
        run(lake, landing, "refine", "--parameter", '{"rows": 100}')
    run(lake, landing, "refine", "--parameter", "rows=30")

    assert lake.table(TRUSTED).count() == 30
    saved = runs(lake).where("verdict in ('met', 'met with warnings')").select("validation_result").first()
    result = json.loads(saved["validation_result"])
    assert result["suite_parameters"] == {"rows": 30}
    assert result["results"][-1]["expectation_config"]["kwargs"] == {"min_value": 30}

    with pytest.raises(ExpectationsNotMetError, match="enough_rows"):
        run(lake, landing, "refine", "--parameter", "rows=100")


@pytest.mark.usefixtures("_suite")
def test_rows_that_were_staged_with_other_values_are_not_published(lake: SparkSession, landing) -> None:
    """The stages of a job can run as separate jobs. Every stage needs the same values."""
    landing.workbook("2024.xlsx", landing.days())
    run(lake, landing, "ingest")
    Publisher(lake, dataset.DATASET, "run", parameters={"rows": 1}).stage()

    with pytest.raises(NotStagedError, match="raw has new rows, but no run has staged them"):
        Publisher(lake, dataset.DATASET, "run", parameters={"rows": 100}).validate()
    same = Publisher(lake, dataset.DATASET, "run", parameters={"rows": 1})
    assert same.validate().verdict in ("met", "met with warnings")
    assert same.publish().rows_out == 30
