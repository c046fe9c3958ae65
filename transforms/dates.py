"""Parse dates from text strictly, and convert months to consecutive numbers. An ambiguous date gives null."""

from __future__ import annotations

from calendar import month_name

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import cast
from transforms.lossless import lossless
from transforms.sql import literal, quoted
from transforms.text import BLANK_CHARACTERS
from transforms.times import MONTH_ABBREVIATIONS, local_time, parse_timestamp

DATE_SYSTEM = "_date_system"
"""Column of raw: the date system of the workbook of a row, 1900 or 1904. Null for rows of other files."""

_DAYS_FROM_1900_TO_1904_SYSTEM = 1462
_EXCEL_SERIAL = r"\A[1-9][0-9]{4}(\.0+)?\z"
_MONTH = r"\A(?!0000)[0-9]{4}-(0[1-9]|1[0-2])\z"
_NAME = "(?i:" + "|".join(f"{name[:3]}({name[3:]})?" for name in month_name[1:]) + r"|Sept)\.?"
_DAY, _YEAR, _GAP = "[0-9]{1,2}", "(?!0000)[0-9]{4}", r"[ \u00a0]+"
_DAY_FIRST = rf"\A{_DAY}(-{_NAME}-|{_GAP}{_NAME}{_GAP}){_YEAR}\z"
_MONTH_FIRST, _YEAR_FIRST = rf"\A{_NAME}{_GAP}{_DAY},?{_GAP}{_YEAR}\z", rf"\A{_YEAR}/{_DAY}/{_DAY}\z"


@lossless
def parse_date(column: str, *, date_system: str | None = None) -> Column:
    """Parse a column as a date. A value can be a date in the form `yyyy-MM-dd` or an Excel serial day number.

    A date in the form `yyyy-MM-dd` can be followed by midnight, as in `2024-02-29T00:00:00`. Any other text, for
    example `03/04/2024`, gives null.

    Only serials of five digits are parsed. In Excel's 1900 date system, these serials are the dates from 1927-05-18 to
    2173-10-13. Excel's day 60, the nonexistent 29 February 1900, is outside this range. In the 1904 date system, the
    same serials are 1,462 days later. `date_system` is the name of an int column that is 1904 for rows of the 1904 date
    system. Ingest adds this column to raw as `DATE_SYSTEM` [default: all rows have the 1900 date system].

    >>> days = spark.createDataFrame([("2024-02-29",), ("45351",), ("29/02/2024",)], "day string")
    >>> [str(row[0]) for row in days.select(parse_date("day")).collect()]
    ['2024-02-29', '2024-02-29', 'None']

    Source: Microsoft, "Differences between the 1900 and the 1904 date system in Excel".
    """
    cell = f"CAST({quoted(column)} AS string)"  # if the reader infers types, Excel's serials are numbers and not text
    iso = cast(cell, source_type=T.StringType(), target_type=T.DateType(), where="parse_date")
    text = f"btrim({cell}, {literal(BLANK_CHARACTERS)})"
    days = f"try_cast(substring({text}, 1, 5) AS int)"
    if date_system is not None:
        days += f" + CASE WHEN {quoted(date_system)} = 1904 THEN {_DAYS_FROM_1900_TO_1904_SYSTEM} ELSE 0 END"
    serial = F.expr(f"date_add(DATE'1899-12-30', {days})")
    return F.coalesce(iso, F.when(F.expr(text).rlike(_EXCEL_SERIAL), serial))


@lossless
def parse_month(column: str, *, date_system: str | None = None) -> Column:
    """Parse a column as a month: `yyyy-MM`, or the first day of a month in a form that `parse_date` reads.

    The result is the first day of the month. Any other text, for example month 13 or the 15th of a month, gives null.
    `date_system` is as in `parse_date`.

    >>> months = spark.createDataFrame([("2024-02",), ("45323",), ("2024-13",), ("2024-02-15",)], "month string")
    >>> [str(row[0]) for row in months.select(parse_month("month")).collect()]
    ['2024-02-01', '2024-02-01', 'None', 'None']
    """
    text = f"btrim(CAST({quoted(column)} AS string), {literal(BLANK_CHARACTERS)})"
    day = parse_date(column, date_system=date_system)
    month = F.when(F.expr(text).rlike(_MONTH), F.expr(f"try_cast({text} || '-01' AS date)"))
    return F.coalesce(month, F.when(F.dayofmonth(day) == 1, day))


@lossless
def parse_written_date(column: str, *, date_system: str | None = None) -> Column:
    """Parse a column like `parse_date`, but also parse dates with English month names and dates such as `2023/03/05`.

    Dates with a month name can be `5 Mar 2023`, `5-Mar-2023`, `5 March 2023` or `March 5, 2023`. A numeric date that
    starts with the day or the month gives null. The text `13/04/2023` has only one meaning, but also gives null.
    Otherwise, a column in the format `dd/MM/yyyy` would keep only the dates after the 12th of a month. `date_system` is
    as in `parse_date`.

    >>> days = spark.createDataFrame([("2023-03-05",), ("5 Mar 2023",), ("03/05/2023",)], "day string")
    >>> [str(row[0]) for row in days.select(parse_written_date("day")).collect()]
    ['2023-03-05', '2023-03-05', 'None']
    """
    text = f"btrim(CAST({quoted(column)} AS string), {literal(BLANK_CHARACTERS)})"
    first, second, year = (f"try_element_at(split({text}, '[ \u00a0,/.-]+'), {index})" for index in (1, 2, 3))

    def date(year: str, month: str, day: str) -> Column:
        return F.expr(f"try_cast(concat_ws('-', {year}, {month}, {day}) AS date)")

    def number(name: str) -> str:
        return f"(locate(lower(left({name}, 3)), '{MONTH_ABBREVIATIONS}') + 2) div 3"

    parsed = (
        F.when(F.expr(text).rlike(_DAY_FIRST), date(year, number(second), first))
        .when(F.expr(text).rlike(_MONTH_FIRST), date(year, number(first), second))
        .when(F.expr(text).rlike(_YEAR_FIRST), date(first, second, year))
    )
    return F.coalesce(parse_date(column, date_system=date_system), parsed)


@lossless
def parse_date_pattern(column: str, *, pattern: str) -> Column:
    """Parse a text column as a date, with a pattern such as `MM/dd/yyyy`. The letters are those of `parse_timestamp`.

    The pattern may have a time, because some programs write each date with midnight. A time other than midnight gives
    null, so no time is lost. Text that does not match the pattern gives null.

    >>> days = spark.createDataFrame([("05/31/2024",), ("31/05/2024",)], "day string")
    >>> [str(row[0]) for row in days.select(parse_date_pattern("day", pattern="MM/dd/yyyy")).collect()]
    ['2024-05-31', 'None']

    Raises:
        ArgumentError: As in `parse_timestamp`.
    """
    time = local_time(parse_timestamp(column, pattern=pattern, zone="UTC"), zone="UTC")
    day = time.cast("date")
    return F.when(time == day.cast("timestamp_ntz"), day)


def month_number(column: str | Column) -> Column:
    """Return the number of a date's month, `year * 12 + month`, as an int.

    The numbers of consecutive months differ by one. The column must be a date or a `timestamp_ntz`. Null gives null.

    >>> days = spark.sql("SELECT date'2023-12-31' AS day UNION ALL SELECT date'2024-01-01'")
    >>> [row[0] for row in days.select(month_number("day")).collect()]
    [24288, 24289]
    """
    day = F.col(quoted(column)) if isinstance(column, str) else column
    return F.year(day) * 12 + F.month(day)
