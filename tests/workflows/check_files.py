"""A small dataset whose files the tests of `citylake check` break."""

from __future__ import annotations

DATASET = """
from functools import partial

from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.dataset import Answer, Dataset
from transforms.masking import MaskingRule, keyed_hash, partial_redact
from transforms.schema import Field


def build_visits(rows):
    return rows.withColumn("year", F.year("day"))


def build_yearly(visits):
    return visits.transform(aggregate, group_by=["year"], columns={"visits": ("visits", "sum")})


DATASET = Dataset(
    name="visits",
    description="Visits to the library",
    layouts={
        "visits": (
            Field("Day", "day", "date"),
            Field("Branch", "branch", "string"),
            Field("Visits", "visits", "int", required=False),
            Field("Card", "card", "string"),
        )
    },
    build=build_visits,
    key=("day", "branch"),
    event_time="day",
    pruning_column="branch",
    masking_policy=(MaskingRule("card", partial(partial_redact, right=4), "identifies a person"),),
    answers={"yearly": Answer(build_yearly)},
)
"""

REPORT = """
from reports.answer import Answer, Report, Source
from reports.charts import chart
from reports.columns import Column

REPORT = Report(
    title="Visits",
    sources=(Source("A library"),),
    answers=(
        Answer(
            name="yearly",
            question="How many visits are there each year?",
            sentence=lambda rows: "Many.",
            columns=("year", "visits"),
            order=("-year",),
            charts=(chart("columns", "year", "visits", "Visits", where="year > 2000"),),
        ),
    ),
    columns={"visits": Column(header="Visitors")},
    sections={"yearly": "Years"},
    sparkline="yearly",
)
"""

SUITE = """
{
  "name": "visits",
  "expectations": [
    {
      "type": "expect_column_values_to_be_between",
      "kwargs": {"column": "visits", "min_value": 0},
      "id": "visits_not_negative"
    }
  ]
}
"""

WORKFLOW = """
from transforms.datasets.visits import DATASET
from workflows.model import linear_workflow

WORKFLOW = linear_workflow(DATASET, stages=("ingest", "refine", "curate"))
"""

PATHS = {
    "dataset": ("transforms/datasets/visits.py", DATASET),
    "report": ("reports/visits.py", REPORT),
    "suite": ("expectations/suites/visits.json", SUITE),
    "workflow": ("workflows/visits.py", WORKFLOW),
}
"""The path and the text of each file."""
