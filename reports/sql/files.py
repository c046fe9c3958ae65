"""Write the SQL of datasets as files: one statement in each file, with a comment that explains the statement."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from reports.facts import DatasetFacts
from reports.rows import AnswerRows
from reports.sql.answers import POSITION, answer_query, view_query
from reports.sql.charts import chart_query
from reports.sql.csv_tables import csv_table, csv_table_ddl, has_texts, typed_query
from reports.sql.expressions import DATABASE

ATHENA, REDSHIFT = "athena", "redshift"
REDSHIFT_SCHEMA = "public"
"""The schema of the views in Redshift. An external schema cannot have views."""

_WIDTH = 100
_EXTERNAL_SCHEMA = f"""-- Make the answers of CityLake available in Redshift.
-- Replace REGION, ACCOUNT and ROLE. The role must be allowed to read the Glue Data Catalog and the warehouse.
CREATE EXTERNAL SCHEMA IF NOT EXISTS {DATABASE}
FROM DATA CATALOG
DATABASE '{DATABASE}'
REGION 'REGION'
IAM_ROLE 'arn:aws:iam::ACCOUNT:role/ROLE';
"""
_SORT = f"To see the rows in the order of the report, sort by {POSITION}."
_DELIMITED = "No cell contains a comma or a quote, because the table has no text columns."
_QUOTED = (
    "Text cells can contain commas and quotes, so the table reads quoted cells. All columns are text. To read numbers "
    "and dates, use the view {}."
)


def athena_files(datasets: Sequence[DatasetFacts], *, location: str) -> dict[str, str]:
    """Return the SQL files for Athena by path. `location` is the folder of the csv files on S3."""
    files = {}
    for dataset in datasets:
        for rows in dataset.answers:
            answer, name = rows.answer, f"{dataset.name}_{rows.answer.name}"
            view = _view(view_query(dataset.name, answer), f"{DATABASE}.{name}_view", ATHENA)
            files[f"{dataset.name}/views/{name}_view.sql"] = _file(_about(rows, _SORT), view)
            table = csv_table(dataset.name, answer)
            ddl = csv_table_ddl(dataset.name, answer, rows.schema, location=location)
            quoted = has_texts(rows.schema)
            comment = _QUOTED.format(f"{table}_typed") if quoted else _DELIMITED
            files[f"{dataset.name}/csv_tables/{table}.sql"] = _file(_about(rows, comment), ddl)
            if quoted:
                typed = _view(typed_query(dataset.name, answer, rows.schema), f"{DATABASE}.{table}_typed", ATHENA)
                comment = f"The rows of the table {table}, with the types of the answer."
                files[f"{dataset.name}/csv_views/{table}_typed.sql"] = _file(_about(rows, comment), typed)
        files |= _query_files(dataset, ATHENA)
    return files


def redshift_files(datasets: Sequence[DatasetFacts]) -> dict[str, str]:
    """Return the SQL files for Redshift by path. Each statement ends with a semicolon, so files can be joined."""
    files = {"external_schema.sql": _EXTERNAL_SCHEMA}
    for dataset in datasets:
        for rows in dataset.answers:
            name = f"{dataset.name}_{rows.answer.name}"
            view = _view(view_query(dataset.name, rows.answer), f"{REDSHIFT_SCHEMA}.{name}", REDSHIFT)
            files[f"{dataset.name}/views/{name}.sql"] = _file(_about(rows, _SORT), f"{view};")
        files |= {path: f"{text.rstrip()};\n" for path, text in _query_files(dataset, REDSHIFT).items()}
    return files


def _query_files(dataset: DatasetFacts, dialect: str) -> dict[str, str]:
    files = {}
    for rows in dataset.answers:
        name = f"{dataset.name}_{rows.answer.name}"
        for suffix, comments, query in _queries(dataset, rows):
            path = f"{dataset.name}/queries/{name}{suffix}.sql"
            files[path] = _file(comments, query.sql(dialect=dialect, pretty=True))
    return files


def _queries(dataset: DatasetFacts, rows: AnswerRows) -> Iterator[tuple[str, list[str], exp.Query]]:
    """Return the queries of an answer and its charts, each with the end of its file name and with its comments."""
    answer = rows.answer
    columns = dataset.report.columns
    yield "", _about(rows), answer_query(dataset.name, answer, columns=columns)
    for number, chart in enumerate(answer.charts, start=1):
        incomplete = "The last column is false for a period with missing data." if chart.complete else ""
        comments = [answer.question, f"Chart: {chart.axis}.", chart.note, incomplete, answer.note]
        query = chart_query(dataset.name, answer, chart, columns=columns)
        yield f"_chart_{number}", comments, query


def _about(rows: AnswerRows, *comments: str) -> list[str]:
    return [rows.answer.question, rows.answer.note, *comments]


def _view(query: exp.Query, name: str, dialect: str) -> str:
    view = exp.Create(
        this=exp.to_table(name), kind="VIEW", replace=True, expression=query, no_schema_binding=dialect == REDSHIFT
    )
    return view.sql(dialect=dialect, pretty=True)


def _file(comments: Iterable[str], statement: str) -> str:
    lines = [line for comment in comments if comment for line in textwrap.wrap(comment, _WIDTH)]
    return "".join(f"{line}\n" for line in [*(f"-- {line}" for line in lines), statement])
