"""Test how columns are converted to new types. `test_staging` tests which changes a publish accepts."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from lake.errors import ChangedColumnsError, UnsupportedColumnError
from lake.evolution import convert_columns, require_same_columns
from lake.staging import stage
from lake.tables import exists
from transforms.errors import DuplicateColumnError

CONVERSIONS = [
    ("int", "7", "string", "7"),
    ("string", "'7'", "int", 7),
    ("string", "'n/a'", "int", None),
    ("int", "7", "array<int>", None),
    ("array<int>", "array(1, NULL)", "array<string>", ["1", None]),
    ("struct<a:int,gone:int>", "named_struct('a', 1, 'gone', 2)", "struct<new:date,a:string>", (None, "1")),
    ("struct<a:int>", "NULL", "struct<a:string>", None),
    ("array<struct<a:int>>", "array(named_struct('a', 1))", "array<struct<a:bigint,b:string>>", [(1, None)]),
]


def test_values_are_converted_to_the_new_types(spark: SparkSession) -> None:
    """A value that the new type cannot hold becomes null. A column that the schema lacks is unchanged."""
    values = [f"CAST({value} AS {before}) AS `c. {n}`" for n, (before, value, _, _) in enumerate(CONVERSIONS)]
    rows = spark.range(1).selectExpr("'x' AS other", *values)
    types = ", ".join(f"`C. {n}` {after}" for n, (_, _, after, _) in enumerate(CONVERSIONS))
    converted = convert_columns(rows, spark.createDataFrame([], types).schema)

    assert [type_ for _, type_ in converted.dtypes] == ["string", *(after for _, _, after, _ in CONVERSIONS)]
    assert converted.columns == rows.columns
    assert converted.first() == ("x", *(expected for *_, expected in CONVERSIONS))


@pytest.mark.parametrize(
    ("schema", "column", "expected", "found"),
    [
        ("a int", "b", "string", None),
        ("a int, b date", "b", "string", "date"),
        ("b string, a int, c int", "c", None, "int"),
    ],
)
def test_the_first_changed_column_is_named(
    lake: SparkSession, schema: str, column: str, expected: str | None, found: str | None
) -> None:
    lake.sql("CREATE NAMESPACE lake.trusted")
    lake.createDataFrame([], "a int, b string").writeTo("lake.trusted.t").using("iceberg").create()
    require_same_columns(lake, "lake.trusted.t", lake.createDataFrame([], "b string, a int").schema)

    with pytest.raises(ChangedColumnsError, match="lake.trusted.t: .* run again with --rebuild") as error:
        require_same_columns(lake, "lake.trusted.t", lake.createDataFrame([], schema).schema)
    assert (error.value.column, error.value.expected, error.value.found) == (column, expected, found)


@pytest.mark.parametrize("value", ["NULL", "timestamp'2024-01-02' - timestamp'2024-01-01'", "array(NULL)"])
def test_a_type_that_a_table_cannot_store_is_an_error(lake: SparkSession, value: str) -> None:
    """The remedy of the error is a cast."""
    rows = lake.range(1).selectExpr("'void' AS `void`", "named_struct('interval', 1) AS days", f"{value} AS n")
    with pytest.raises(
        UnsupportedColumnError, match="lake.trusted.t: column 'n' has the type .*, which a table cannot"
    ):
        stage(lake, rows, table="lake.trusted.t", run_id="r")
    assert not lake.catalog.tableExists("lake.trusted.t")

    type_ = "array<string>" if "array" in value else "string"
    stage(
        lake, rows.selectExpr("void", "days", f"CAST(n AS {type_}) AS n"), table="lake.trusted.t", run_id="r"
    ).publish()
    assert exists(lake, "lake.trusted.t")


def test_two_columns_with_the_same_name_are_an_error(lake: SparkSession) -> None:
    with pytest.raises(DuplicateColumnError, match="lake.curated.t: the result would have columns 'n' and 'N'"):
        stage(lake, lake.range(1).selectExpr("1 AS n", "2 AS N"), table="lake.curated.t", run_id="r")
