"""What the inquiry volume's rows are, and how raw rows become inquiries."""

from __future__ import annotations

from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.dates import parse_month
from transforms.dedupe import drop_withdrawn
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, Field, change_schema
from transforms.text import agree_on_case, clean_text, spell_as

SOURCE_FIELDS = (
    Field("Department", "inquiry_department", "string"),
    Field("Type", "inquiry_type", "string"),
    Field("Year Month", "year_month", "date", parse_month, form="month such as 2024-05"),
    Field("Channel", "inquiry_channel", "string"),
    Field("Number of Records", "number_of_records", "int", form="whole number"),
    Field("BI_ID", "bi_id", "int", form="whole number", required=False),
)
KEY = ("inquiry_department", "inquiry_type", "year_month", "inquiry_channel")
LATEST = ("_ingested_at", "_delivered_at", "_source_file", "_row_number")
"""What orders the deliveries of one key: when raw got the file, when it was delivered, its name, the row in it."""

CHANNELS = ("Phone", "E-mail", "Chat", "WEB", "Mobile App", "Social Media", "Mail Out", "In Person", "Unknown")
"""The channels that the city names, as it spells them."""

OTHER_NUMBER = "_other_number"
_UNREAD = (CAST_FAILURES, CAST_WARNINGS)
_SPELLED = r"\A[A-Z]{2,5} - "
_DASH = r"[-\u2010-\u2015]"
_CODE = (  # `Co-op` has none
    rf"\A([A-Z]{{2,5}}(?= ?{_DASH})|[a-z]{{2,5}}(?=-[A-Z])|[A-Za-z]{{2,5}}(?= {_DASH}|{_DASH} |[\u2012-\u2015]))"
    rf" ?{_DASH} ?(?=\S)"
)
_RETIRED = rf"\A(?i)ZZ[ {_DASH[1:]}?OLD\b"
_RETIRED_MARK = rf"{_RETIRED} ?{_DASH}? ?(?=\S)"


def build_inquiries(raw: DataFrame) -> DataFrame:
    """Type the raw rows and bring their spelling in order: the candidates for trusted.

    Rows: one for one; where raw says which are current, without those that a file's current content has withdrawn.
    Which delivery of a key counts is decided by the gate, with `KEY` and `LATEST`: the latest that meets the suite.

    Columns: inquiry_department, inquiry_type; year_month (the month's first day); inquiry_channel; number_of_records
    (inquiries); bi_id; year; is_retired (whether the city has retired the type); `_other_number` (what the same file
    says elsewhere of the same key: mostly the same; null without a key); where the row comes from; `_cast_failures`,
    and `_cast_warnings` of a `BI_ID`, without which a row counts all the same.
    """
    said_anew = "_is_current" in raw.columns  # only where a file was delivered anew
    keep = (*LATEST, "_is_current") if said_anew else LATEST
    inquiries = raw.transform(change_schema, fields=SOURCE_FIELDS, keep=keep, malformed="_malformed_record")
    inquiries = (
        inquiries.withColumns(
            {name: clean_text(F.col(name)) for name in ("inquiry_department", "inquiry_type", "inquiry_channel")}
        )
        .withColumns(
            {
                "inquiry_department": _department(F.col("inquiry_department")),
                "inquiry_type": _type(F.col("inquiry_type")),
                "inquiry_channel": spell_as(F.col("inquiry_channel"), known=CHANNELS),
            }
        )
        .transform(agree_on_case, columns=["inquiry_department", "inquiry_type", "inquiry_channel"])
    )
    if said_anew:
        inquiries = inquiries.transform(drop_withdrawn, key=KEY, current="_is_current")
    return (
        inquiries.withColumn("year", F.year("year_month"))
        .withColumn("is_retired", F.col("inquiry_type").rlike(_RETIRED))
        .withColumn(OTHER_NUMBER, _other_number())
        .select(*(field.name for field in SOURCE_FIELDS), "year", "is_retired", OTHER_NUMBER, *LATEST, *_UNREAD)
    )


def _department(name: Column) -> Column:
    """Return a department's name, its code in capitals and one dash after it: `ENG–Streets` is `ENG - Streets`."""
    code, rest = F.upper(F.regexp_extract(name, _CODE, 1)), F.regexp_replace(name, _CODE, "")
    return F.when(name.rlike(_SPELLED) | ~name.rlike(_CODE), name).otherwise(F.concat(code, F.lit(" - "), rest))


def _type(name: Column) -> Column:
    """Return a type's name, that of a retired one with its mark as the city mostly writes it: `ZZ OLD - Food`."""
    return F.when(name.rlike(_RETIRED), F.regexp_replace(name, _RETIRED_MARK, "ZZ OLD - ")).otherwise(name)


def _other_number() -> Column:
    same_file = Window.partitionBy(*KEY).orderBy("_source_file", "_ingested_at").rangeBetween(0, 0)
    number = F.col("number_of_records")
    least, most = F.min(number).over(same_file), F.max(number).over(same_file)
    has_key = reduce(and_, (F.col(name).isNotNull() for name in KEY))
    return F.when(has_key, F.when(number == least, most).otherwise(least))
