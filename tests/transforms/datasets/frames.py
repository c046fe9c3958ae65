"""Define the schemas and assertions that the tests of the datasets share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, Row
from pyspark.sql import types as T

from transforms.dataset import Dataset
from transforms.sql import quoted

LINEAGE = "_is_current boolean, _modified_at timestamp, _ingested_at timestamp, _source_file string, _row_number int"
REPORTS = ", ".join(
    f"{name} array<struct<column: string, value: string, expected: string>>"
    for name in ("_cast_failures", "_cast_warnings")
)


def source_columns(dataset: Dataset) -> list[str]:
    """Return the source columns of all layouts. As in raw, names that differ only in case are one column."""
    fields = [field for layout in dataset.layouts.values() for field in layout]
    return [*{field.source.casefold(): field.source for field in fields}.values()]


@dataclass(frozen=True)
class SuiteCase:
    """Raw rows for the suite of a dataset, in the variable `SUITE_CASE` of the dataset's tests.

    Attributes:
        good: A function that takes the position of a row and returns a good row as a dictionary.
        bad: For each column with bad values, a dictionary that maps the position of a row to its bad value.
        blocked_by: The ids of the critical expectations that the rows do not meet.
    """

    good: Callable[[int], dict[str, str]]
    bad: Mapping[str, Mapping[int, str | None]]
    blocked_by: set[str]


def own_test_value(dataset: str, name: str, *, default: Any = None) -> Any:
    """Return a variable of the tests of a dataset, which are in `test_<dataset>.py` or in `test_<dataset>_*.py`."""
    for path in sorted(Path(__file__).parent.glob(f"test_{dataset}*.py")):
        value = getattr(import_module(f"tests.transforms.datasets.{path.stem}"), name, None)
        if value is not None:
            return value
    return default


def raw_schema(dataset: Dataset) -> str:
    columns = ", ".join(f"{quoted(name)} string" for name in source_columns(dataset))
    return f"{columns}, _malformed_record string, _date_system int, _layout string, {LINEAGE}"


def assert_answer(answer: DataFrame, rows: Sequence[Sequence[Any]], schema: str) -> None:
    """Assert that an answer has exactly the given rows, in any order. In `rows`, a decimal can be text."""
    spark = answer.sparkSession
    types = [field.dataType for field in spark.createDataFrame([], schema).schema]
    cells = [
        [
            Decimal(cell) if isinstance(type_, T.DecimalType) and isinstance(cell, str) else cell
            for cell, type_ in zip(row, types, strict=True)
        ]
        for row in rows
    ]
    # A sort of several partitions starts with a Spark job that samples the rows. `coalesce(1)` avoids this job.
    expected = spark.createDataFrame(cells, schema).coalesce(1)
    assert_df_equality(answer.coalesce(1), expected, ignore_row_order=True, ignore_nullable=True)


def assert_plan_has_no_python(frame: DataFrame) -> None:
    plan = frame._jdf.queryExecution().toString()
    assert "Physical Plan" in plan
    assert "Python" not in plan.replace("PythonRDD", "")


def raw_rows(*rows: tuple[Any, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Attach raw rows to a test, so that one frame can contain the rows of all tests in a module.

    Spark needs seconds to plan the build of a dataset. The number of rows makes almost no difference.
    """

    def attach(test: Callable[..., None]) -> Callable[..., None]:
        test.raw_rows = rows
        return test

    return attach


def raw_rows_of_tests(module: ModuleType) -> list[tuple[Any, ...]]:
    """Return the raw rows of all tests. The name of the test becomes the folder of `_source_file`."""
    return [
        (*row[:-2], f"{name}/{row[-2]}", row[-1])
        for name, test in vars(module).items()
        for row in getattr(test, "raw_rows", ())
    ]


def collect_by_test(rows: DataFrame) -> dict[str, list[Row]]:
    """Return the rows of each test in the order of `_row_number`."""
    found = defaultdict(list)
    for row in sorted(rows.collect(), key=lambda row: row._row_number):
        found[row._source_file.split("/")[0]].append(row)
    return found
