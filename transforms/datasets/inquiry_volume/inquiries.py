"""Define the fields of inquiries, and standardize their spelling."""

from __future__ import annotations

from functools import partial, reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.dates import DATE_SYSTEM, parse_month
from transforms.schema import Field
from transforms.text import clean_text, map_to_canonical, unify_case

_FIELDS = (
    Field("Department", "inquiry_department", "string"),
    Field("Type", "inquiry_type", "string"),
    Field(
        "Year Month",
        "year_month",
        "date",
        partial(parse_month, date_system=DATE_SYSTEM),
        expected="month such as 2024-05",
    ),
    Field("Channel", "inquiry_channel", "string"),
    Field("Number of Records", "number_of_records", "int", expected="whole number"),
    Field("BI_ID", "bi_id", "int", expected="whole number", required=False),
)
LAYOUTS = {"inquiry_volume": _FIELDS}
"""number_of_records is the number of inquiries. year_month is the first day of the month."""

KEY = ("inquiry_department", "inquiry_type", "year_month", "inquiry_channel")

CHANNELS = ("Phone", "E-mail", "Chat", "WEB", "Mobile App", "Social Media", "Mail Out", "In Person", "Unknown")
"""All channels in the city's documentation, with the city's spelling."""

OTHER_NUMBER = "_other_number"
COLUMNS = (*(field.name for field in _FIELDS), "year", "is_retired", OTHER_NUMBER)
_NAMES = ("inquiry_department", "inquiry_type", "inquiry_channel")
_DASHES = r"\-\u2010-\u2015"
_SPACED_DASH = rf"\A([A-Za-z]{{2,5}})(?! - )( [{_DASHES}] ?|[{_DASHES}] |[\u2012-\u2015])(?=\S)"
_BARE_HYPHEN = r"\A([A-Z]{2,5})[-\u2010\u2011](?=[A-Z][a-z])"  # matches neither `COVID-19` nor `Co-op`
_RETIRED = rf"\A(?i)ZZ[ {_DASHES}]?OLD\b"
_RETIRED_MARK = rf"{_RETIRED} ?[{_DASHES}]? ?(?=\S)"


def build_inquiries(rows: DataFrame) -> DataFrame:
    """Standardize the spelling of names. inquiry_department, inquiry_type and inquiry_channel are changed."""
    return (
        rows.withColumns({name: clean_text(F.col(name)) for name in _NAMES})
        .withColumns(
            {
                "inquiry_department": _standardize_department(F.col("inquiry_department")),
                "inquiry_type": _standardize_type(F.col("inquiry_type")),
                "inquiry_channel": map_to_canonical(F.col("inquiry_channel"), canonical=CHANNELS),
            }
        )
        .transform(unify_case, columns=_NAMES)
    )


def complete_inquiries(rows: DataFrame) -> DataFrame:
    """Add the columns that depend on the standardized names.

    Columns:

    - year.
    - is_retired: whether the city has retired the type.
    - `_other_number`: a different number of inquiries that the same file has for the same key. If the file has only one
      number for the key, `_other_number` equals number_of_records. If the key is incomplete, `_other_number` is null.
    """
    is_retired = F.col("inquiry_type").rlike(_RETIRED)
    return rows.withColumns(
        {"year": F.year("year_month"), "is_retired": is_retired, OTHER_NUMBER: _find_other_number()}
    )


def _standardize_department(name: Column) -> Column:
    """Return the name of a department with ` - ` after its code: `ENG–Streets` becomes `ENG - Streets`."""
    spaced, bare = (F.regexp_replace(name, pattern, "$1 - ") for pattern in (_SPACED_DASH, _BARE_HYPHEN))
    return F.when(name.rlike(_SPACED_DASH), spaced).when(name.rlike(_BARE_HYPHEN), bare).otherwise(name)


def _standardize_type(name: Column) -> Column:
    """Return the name of a type. If the type is retired, the prefix gets the city's usual spelling, `ZZ OLD - `."""
    return F.when(name.rlike(_RETIRED), F.regexp_replace(name, _RETIRED_MARK, "ZZ OLD - ")).otherwise(name)


def _find_other_number() -> Column:
    same_file = Window.partitionBy(*KEY).orderBy("_source_file", "_ingested_at").rangeBetween(0, 0)
    number = F.col("number_of_records")
    minimum, maximum = F.min(number).over(same_file), F.max(number).over(same_file)
    has_key = reduce(and_, (F.col(name).isNotNull() for name in KEY))
    return F.when(has_key, F.when(number == minimum, maximum).otherwise(minimum))
