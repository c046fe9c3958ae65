"""Test the SQL files for Athena and Redshift: they can be parsed, and their tables fit the csv files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlglot
from pyspark.sql import SparkSession
from sqlglot import exp

from lake.tables import table_name
from reports.csv_files import csv_files
from reports.facts import DatasetFacts
from reports.sql.files import ATHENA, REDSHIFT, athena_files, redshift_files
from tests.reports.sql.small_answers import small_facts, small_tables
from tests.reports.sql.test_queries import run, to_spark

CALLS_DDL = """-- What percentage of calls is handled each year?
-- 100 % is all calls offered in the year.
-- No cell contains a comma or a quote, because the table has no text columns.
CREATE EXTERNAL TABLE `curated`.`contact_centre_calls_handled_csv` (
  `year` int,
  `days` bigint,
  `first_day` date,
  `last_day` date,
  `calls_offered` bigint,
  `calls_handled` bigint,
  `percent_of_calls_handled` double,
  `change_pct_points` double)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ','
STORED AS INPUTFORMAT
  'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT
  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION
  's3://city/csv/contact_centre_calls_handled/'
TBLPROPERTIES (
  'classification'='csv',
  'skip.header.line.count'='1')
"""


@pytest.fixture
def calls(lake: SparkSession) -> DatasetFacts:
    return small_facts("contact_centre", small_tables(lake, "contact_centre"))


@pytest.fixture
def inquiries(lake: SparkSession) -> DatasetFacts:
    return small_facts("inquiry_volume", small_tables(lake, "inquiry_volume"))


def statements(files: Mapping[str, str], dialect: str) -> dict[str, exp.Expr]:
    return {path: sqlglot.parse_one(text, read=dialect) for path, text in files.items()}


def columns_of(table: exp.Expr) -> dict[str, str]:
    return {column.name: column.kind.sql(dialect="spark").lower() for column in table.find_all(exp.ColumnDef)}


def test_athena_files_have_one_statement_each(calls: DatasetFacts) -> None:
    parsed = statements(athena_files([calls], location="s3://city/csv/"), ATHENA)

    kinds = {path: statement.key for path, statement in parsed.items()}
    assert kinds == {
        "contact_centre/views/contact_centre_calls_handled_view.sql": "create",
        "contact_centre/views/contact_centre_calls_handled_monthly_view.sql": "create",
        "contact_centre/csv_tables/contact_centre_calls_handled_csv.sql": "create",
        "contact_centre/csv_tables/contact_centre_calls_handled_monthly_csv.sql": "create",
        "contact_centre/queries/contact_centre_calls_handled.sql": "select",
        "contact_centre/queries/contact_centre_calls_handled_chart_1.sql": "select",
        "contact_centre/queries/contact_centre_calls_handled_monthly.sql": "select",
        "contact_centre/queries/contact_centre_calls_handled_monthly_chart_1.sql": "select",
    }
    view = parsed["contact_centre/views/contact_centre_calls_handled_view.sql"]
    assert view.this.sql() == "curated.contact_centre_calls_handled_view"
    source = view.expression.find(exp.Table).sql()
    assert f"lake.{source}" == table_name("curated", "contact_centre", "calls_handled")


def test_table_without_texts_has_the_form_and_the_names_of_the_source_document(calls: DatasetFacts) -> None:
    files = athena_files([calls], location="s3://city/csv/")

    assert files["contact_centre/csv_tables/contact_centre_calls_handled_csv.sql"] == CALLS_DDL


def test_redshift_files_create_an_external_schema_and_late_binding_views(calls: DatasetFacts) -> None:
    files = redshift_files([calls])
    schema = files.pop("external_schema.sql")
    parsed = statements(files, REDSHIFT)

    # sqlglot has no syntax tree for external schemas.
    assert (
        "FROM DATA CATALOG\nDATABASE 'curated'\nREGION 'REGION'\nIAM_ROLE 'arn:aws:iam::ACCOUNT:role/ROLE';" in schema
    )
    assert all(text.endswith(";\n") for text in files.values())
    views = {path: statement for path, statement in parsed.items() if "/views/" in path}
    assert [view.this.sql() for view in views.values()] == [
        "public.contact_centre_calls_handled",
        "public.contact_centre_calls_handled_monthly",
    ]
    assert all(view.args["no_schema_binding"] for view in views.values())
    assert {statement.key for path, statement in parsed.items() if path not in views} == {"select"}


def test_comments_have_the_question_and_the_note(inquiries: DatasetFacts) -> None:
    files = athena_files([inquiries], location="s3://city/csv")

    query = files["inquiry_volume/queries/inquiry_volume_departments.sql"]
    assert query.startswith(
        "-- Which departments get the most inquiries?\n-- 100 % is all inquiries of the year.\nSELECT\n"
    )
    chart = files["inquiry_volume/queries/inquiry_volume_yearly_chart_1.sql"]
    assert "\n-- Chart: Inquiries per month.\n-- The last column is false for a period with missing data.\n" in chart


def test_csv_files_have_the_names_of_the_source_documents(lake: SparkSession, inquiries: DatasetFacts) -> None:
    registrar = small_facts("registrar", small_tables(lake, "registrar"))

    headers = {name: text.partition("\n")[0] for name, text in csv_files([inquiries, registrar]).items()}

    assert headers["inquiry_volume_departments.csv"] == (
        "year,inquiry_department,total_inquiries_in_dept,share_pct,deptpercuse"
    )
    assert headers["inquiry_volume_channels.csv"] == (
        "year,inquiry_channel,total_inquiries_in_channel,share_pct,channelpercuse"
    )
    assert headers["registrar_completion_by_year.csv"] == "received_year,received,completed,acr,change_pct_points"


def test_csv_files_have_all_cells_of_the_table(lake: SparkSession, inquiries: DatasetFacts, tmp_path: Path) -> None:
    files = athena_files([inquiries], location="s3://city/csv")
    for name, text in csv_files([inquiries]).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for rows in inquiries.answers:
        name = f"inquiry_volume_{rows.answer.name}"
        stored = lake.read.csv(str(tmp_path / f"{name}.csv"), header=True, escape='"', nullValue="\0")
        stored.na.fill("").createOrReplaceTempView(f"{name}_csv")
        table = columns_of(sqlglot.parse_one(files[f"inquiry_volume/csv_tables/{name}_csv.sql"], read=ATHENA))
        assert list(table) == stored.columns
        if f"inquiry_volume/csv_views/{name}_csv_typed.sql" not in files:
            assert '"' not in (tmp_path / f"{name}.csv").read_text(encoding="utf-8")
            continue
        assert {*table.values()} == {"string"}
        view = to_spark(files[f"inquiry_volume/csv_views/{name}_csv_typed.sql"], ATHENA)
        assert [field.dataType for field in lake.sql(view).schema] == [field.dataType for field in rows.schema]
        assert sorted(run(lake, view), key=repr) == sorted((tuple(row.values()) for row in rows.rows), key=repr)


def test_dates_are_iso_text_and_missing_cells_are_empty(calls: DatasetFacts) -> None:
    text = csv_files([calls])["contact_centre_calls_handled_monthly.csv"]

    records = [*csv.DictReader(text.splitlines())]
    rows = calls.answers[1].rows
    assert [record["month"] for record in records] == [row["month"].isoformat() for row in rows]
    assert [record["calls_handled"] == "" for record in records] == [row["calls_handled"] is None for row in rows]
    assert any(record["calls_handled"] == "" for record in records)
