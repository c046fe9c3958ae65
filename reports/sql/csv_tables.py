"""Define Athena tables on the csv files of answers. `reports.csv_files` writes the files."""

from __future__ import annotations

from pyspark.sql import types as T
from sqlglot import exp

from reports.answer import Answer
from reports.sql.expressions import DATABASE, named

_DELIMITED = """ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ','"""
_QUOTED = r"""ROW FORMAT SERDE
  'org.apache.hadoop.hive.serde2.OpenCSVSerde'
WITH SERDEPROPERTIES (
  'separatorChar'=',',
  'quoteChar'='"',
  'escapeChar'='\\')"""
_TABLE = """CREATE EXTERNAL TABLE `{database}`.`{table}` (
{columns})
{row_format}
STORED AS INPUTFORMAT
  'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT
  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION
  {location}
TBLPROPERTIES (
  'classification'='csv',
  'skip.header.line.count'='1')"""


def csv_table(dataset: str, answer: Answer) -> str:
    """Return the name of the table on the csv file of an answer."""
    return f"{dataset}_{answer.name}_csv"


def has_texts(schema: T.StructType) -> bool:
    """Return True if an answer has text columns, so that a cell can contain a comma or a quote."""
    return any(isinstance(field.dataType, T.StringType) for field in schema)


def csv_table_ddl(dataset: str, answer: Answer, schema: T.StructType, *, location: str) -> str:
    """Return the statement that creates the table on a csv file. `location` is the folder of all csv files on S3.

    An answer without text columns has a table with the types of the answer, and commas separate the cells. Otherwise,
    the table reads quoted cells with OpenCSVSerde. This SerDe does not read dates, decimals and empty numbers, so all
    columns of the table are text. `typed_query` has the types.

    Source: https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
    """
    quoted = has_texts(schema)
    columns = (
        f"  `{answer.exported_name(field.name)}` {'string' if quoted else field.dataType.simpleString()}"
        for field in schema
    )
    return _TABLE.format(
        database=DATABASE,
        table=csv_table(dataset, answer),
        columns=",\n".join(columns),
        row_format=_QUOTED if quoted else _DELIMITED,
        location=exp.Literal.string(f"{location.rstrip('/')}/{dataset}_{answer.name}/").sql(dialect="hive"),
    )


def typed_query(dataset: str, answer: Answer, schema: T.StructType) -> exp.Select:
    """Return the query that reads a table of text columns with the types of the answer. An empty cell is missing."""
    columns = []
    for field in schema:
        name = answer.exported_name(field.name)
        value: exp.Expr = exp.Nullif(this=exp.column(name), expression=exp.Literal.string(""))
        if not isinstance(field.dataType, T.StringType):
            value = exp.Cast(this=value, to=exp.DataType.build(field.dataType.simpleString(), dialect="spark"))
        columns.append(named(value, name))
    return exp.select(*columns).from_(exp.table_(csv_table(dataset, answer), db=DATABASE))
