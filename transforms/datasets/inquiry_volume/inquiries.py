"""What the inquiry volume's rows are, and how raw rows become inquiries."""

from __future__ import annotations

from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.dates import parse_month
from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, Field, change_schema
from transforms.text import clean_text, map_to_canonical, unify_case

_FIELDS = (
    Field("Department", "inquiry_department", "string"),
    Field("Type", "inquiry_type", "string"),
    Field("Year Month", "year_month", "date", parse_month, expected="month such as 2024-05"),
    Field("Channel", "inquiry_channel", "string"),
    Field("Number of Records", "number_of_records", "int", expected="whole number"),
    Field("BI_ID", "bi_id", "int", expected="whole number", required=False),
)
LAYOUTS = {"inquiry_volume": _FIELDS}
KEY = ("inquiry_department", "inquiry_type", "year_month", "inquiry_channel")

CHANNELS = ("Phone", "E-mail", "Chat", "WEB", "Mobile App", "Social Media", "Mail Out", "In Person", "Unknown")
"""The channels that the city names, as it spells them."""

OTHER_NUMBER = "_other_number"
_DASHES = r"\-\u2010-\u2015"
_APART = rf"\A([A-Za-z]{{2,5}})(?! - )( [{_DASHES}] ?|[{_DASHES}] |[\u2012-\u2015])(?=\S)"
_TIGHT = r"\A([A-Z]{2,5})[-\u2010\u2011](?=[A-Z][a-z])"  # `COVID-19` and `Co-op` have no code
_RETIRED = rf"\A(?i)ZZ[ {_DASHES}]?OLD\b"
_RETIRED_MARK = rf"{_RETIRED} ?[{_DASHES}]? ?(?=\S)"


def build_inquiries(raw: DataFrame) -> DataFrame:
    """Type the raw rows and bring their spelling in order: the candidates for trusted.

    Rows: one for one, except superseded rows, which are dropped. A key that was delivered twice has two rows: the
    publisher keeps the latest valid one.

    Columns: inquiry_department, inquiry_type; year_month (the month's first day); inquiry_channel; number_of_records
    (inquiries); bi_id; year; is_retired (whether the city has retired the type); `_other_number` (what the same file
    says elsewhere of the same key: mostly the same; null without a key); where the row comes from; `_cast_failures`,
    and `_cast_warnings` of a `BI_ID`, without which a row counts all the same.
    """
    return (
        raw.transform(change_schema, fields=_FIELDS, keep=LINEAGE_COLUMNS, malformed="_malformed_record")
        .withColumns(
            {name: clean_text(F.col(name)) for name in ("inquiry_department", "inquiry_type", "inquiry_channel")}
        )
        .withColumns(
            {
                "inquiry_department": _department(F.col("inquiry_department")),
                "inquiry_type": _type(F.col("inquiry_type")),
                "inquiry_channel": map_to_canonical(F.col("inquiry_channel"), canonical=CHANNELS),
            }
        )
        .transform(unify_case, columns=["inquiry_department", "inquiry_type", "inquiry_channel"])
        .transform(drop_superseded_rows, key=KEY)
        .withColumn("year", F.year("year_month"))
        .withColumn("is_retired", F.col("inquiry_type").rlike(_RETIRED))
        .withColumn(OTHER_NUMBER, _other_number())
        .select(
            *(field.name for field in _FIELDS),
            *("year", "is_retired", OTHER_NUMBER, *LINEAGE_COLUMNS, CAST_FAILURES, CAST_WARNINGS),
        )
    )


def _department(name: Column) -> Column:
    """Return a department's name with one dash after its code: `ENG–Streets` is `ENG - Streets`."""
    apart, tight = (F.regexp_replace(name, pattern, "$1 - ") for pattern in (_APART, _TIGHT))
    return F.when(name.rlike(_APART), apart).when(name.rlike(_TIGHT), tight).otherwise(name)


def _type(name: Column) -> Column:
    """Return a type's name, that of a retired one with its mark as the city mostly writes it: `ZZ OLD - Food`."""
    return F.when(name.rlike(_RETIRED), F.regexp_replace(name, _RETIRED_MARK, "ZZ OLD - ")).otherwise(name)


def _other_number() -> Column:
    same_file = Window.partitionBy(*KEY).orderBy("_source_file", "_ingested_at").rangeBetween(0, 0)
    number = F.col("number_of_records")
    least, most = F.min(number).over(same_file), F.max(number).over(same_file)
    has_key = reduce(and_, (F.col(name).isNotNull() for name in KEY))
    return F.when(has_key, F.when(number == least, most).otherwise(least))
