from __future__ import annotations

from datetime import date

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.dates import month_number, parse_date, parse_date_pattern, parse_month, parse_written_date
from transforms.errors import ArgumentError

EXCEL_EPOCH = date(1899, 12, 30)
FIVE_DIGITS = st.dates(date(1927, 5, 18), date(2173, 10, 13))


DATES = {
    "2024-02-29": date(2024, 2, 29),
    " 2024-02-29 ": date(2024, 2, 29),
    "2024-02-29\n": date(2024, 2, 29),
    "\t2024-02-29": date(2024, 2, 29),
    "\u00a02024-02-29\u00a0": date(2024, 2, 29),
    "2024-02-29 00:00": date(2024, 2, 29),
    "2024-02-29 00:00:00": date(2024, 2, 29),
    "2024-02-29T00:00:00.000": date(2024, 2, 29),
    "0001-01-01": date(1, 1, 1),
    "9999-12-31": date(9999, 12, 31),
    "45351": date(2024, 2, 29),
    "45351.0": date(2024, 2, 29),
    " 45351\n": date(2024, 2, 29),
    "\t45351": date(2024, 2, 29),
    "10000": date(1927, 5, 18),
    "99999": date(2173, 10, 13),
}
INVALID_DATES = [
    None, "", " ", "2023-02-29", "2023-02-30", "2024-13-01", "2024-00-10", "2024-01-00", "2024-02-29 13:45:00",
    "2024-02-29 00:00:01", "2024-02-29\n2024-03-01", "2024-2-9", "20240229", "2024-02", "2024-02-29 junk",
    "0000-01-01", "2024", "03/04/2024", "29/02/2024", "04-03-2024", "24-02-29", "Feb 30, 2024", "45351.5", "4535",
    "00060", "09999", "453510", "-45351", "２０２４-02-29", "today", "now", "epoch", "2024-01-01\u2028", "45351\u0085",
]  # fmt: skip


@given(days=st.lists(FIVE_DIGITS, min_size=1, max_size=6))
def test_iso_text_and_serial_number_give_same_date(spark, days):
    texts = [(day.isoformat(), str((day - EXCEL_EPOCH).days)) for day in days]
    rows = spark.createDataFrame(texts, "text string, serial string")
    parsed = rows.select(parse_date("text"), parse_date("serial")).collect()
    assert parsed == [(day, day) for day in days]


MONTHS = {
    "2024-02": date(2024, 2, 1),
    " 2024-02 ": date(2024, 2, 1),
    "2024-12\n": date(2024, 12, 1),
    "\t2024-10\r\n": date(2024, 10, 1),
    "\u00a02024-02\u00a0": date(2024, 2, 1),
    "0001-01": date(1, 1, 1),
    "9999-12": date(9999, 12, 1),
    "2024-02-01": date(2024, 2, 1),
    "2024-02-01 00:00:00": date(2024, 2, 1),
    "2024-02-01T00:00:00": date(2024, 2, 1),
    "45323": date(2024, 2, 1),
    "45323.0": date(2024, 2, 1),
    "\u00a045323": date(2024, 2, 1),
}
INVALID_MONTHS = [
    *(text for text in INVALID_DATES if text != "2024-02"),
    "2024-00", "2024-13", "0000-01", "2024-1", "2024-001", "2024-02-", "2024-2-01", "24-02", "12024-02", "-2024-02",
    "202402", "2024/02", "02-2024", "2024 - 02", "2024-02\n2024-03", "2024-02-15", "2024-02-29",
    "2024-02-01T10:00:00", "45324", "45322", "Feb 2024", "２０２４-02",
]  # fmt: skip


WRITTEN_DATES = {
    "5 Mar 2023": date(2023, 3, 5),
    "05 MAR 2023": date(2023, 3, 5),
    "\u00a05 mar 2023 ": date(2023, 3, 5),
    "29 Feb 2024": date(2024, 2, 29),
    "31 Dec 1969": date(1969, 12, 31),
    "1 Jan 1970": date(1970, 1, 1),
    "1 Jan 0001": date(1, 1, 1),
    "31 Dec 9999": date(9999, 12, 31),
    "5 March 2023": date(2023, 3, 5),
    "5 may 2023": date(2023, 5, 5),
    "05-SEP-2023": date(2023, 9, 5),
    "5-September-2023": date(2023, 9, 5),
    "Mar 5 2023": date(2023, 3, 5),
    "december 31, 2023": date(2023, 12, 31),
    "Sept 5,  2023": date(2023, 9, 5),
    "5 Mar.\u00a02023": date(2023, 3, 5),
    "2023/03/05": date(2023, 3, 5),
    "2023/3/5": date(2023, 3, 5),
}
INVALID_WRITTEN_DATES = [
    *("29 Feb 2023", "31 Apr 2023", "0 Mar 2023", "32 Mar 2023", "5 Marc 2023", "5 Mär 2023", "5 Mar 23"),
    *("5 Mar..2023", "5-Mar 2023", "5 Mar-2023", "5Mar2023", "5 Mar", "5 Mar 2023 10:00", "1 Jan 0000", "", " "),
    *("March 32, 2023", "Feb 29, 2023", "Mar 5, 23", "March 2023", "Mar, 5 2023", "5 Mar, 2023"),
    *("2023/13/05", "2023/02/29", "0000/01/01", "2023/03", "13/04/2023", "5/3/2023", "2023/03/05 10:00", "23/03/05"),
]


@pytest.mark.parametrize(
    ("parse", "valid", "invalid"),
    [
        (parse_date, DATES, INVALID_DATES),
        (parse_month, MONTHS, INVALID_MONTHS),
        (parse_written_date, DATES | WRITTEN_DATES, [*INVALID_WRITTEN_DATES, *INVALID_DATES]),
    ],
)
def test_only_valid_and_unambiguous_text_is_parsed(either_ansi, parse, valid, invalid):
    rows = {**valid, **dict.fromkeys(invalid)}
    texts = either_ansi.createDataFrame([(text,) for text in rows], "text string")
    expected = either_ansi.createDataFrame(list(rows.items()), "text string, day date")
    assert_df_equality(texts.withColumn("day", parse("text")), expected, ignore_nullable=True)


def test_parsed_dates_ignore_session_time_zone(in_zone):
    days = in_zone.createDataFrame([(text,) for text in WRITTEN_DATES], "day string").select(parse_written_date("day"))
    assert [row[0] for row in days.collect()] == [*WRITTEN_DATES.values()]


@pytest.mark.parametrize("parse", [parse_date, parse_month, parse_written_date])
def test_serial_numbers_have_the_date_system_of_their_row(either_ansi, parse):
    """Rows without a date system have the 1900 date system. Text in ISO form has no date system."""
    rows = [("45323", 1900), ("43861", 1904), ("45323", None), ("2024-02-01", 1904), ("10000", 1904), ("n/a", 1904)]
    days = either_ansi.createDataFrame(rows, "day string, `The. System` int")
    parsed = days.select(parse("day", date_system="The. System")).collect()
    first_of_1904 = date(1931, 5, 19) if parse is not parse_month else None
    assert [row[0] for row in parsed] == [*[date(2024, 2, 1)] * 4, first_of_1904, None]


@pytest.mark.parametrize("parse", [parse_date, parse_month, parse_written_date])
def test_columns_of_numbers_or_dates_are_parsed(either_ansi, parse):
    rows = either_ansi.sql("SELECT 45323 AS i, 45323D AS d, date'2024-02-01' AS day, 384 AS n")
    assert tuple(rows.select(*(parse(name) for name in rows.columns)).first()) == (*[date(2024, 2, 1)] * 3, None)


def test_month_numbers_continue_across_years(either_ansi):
    days = [(date(2023, 11, 30),), (date(2023, 12, 1),), (date(2024, 1, 31),), (None,)]
    rows = either_ansi.createDataFrame(days, "`The. Day` date")
    for numbers in (month_number("The. Day"), month_number(F.col("`The. Day`").cast("timestamp_ntz"))):
        numbered = rows.select(numbers.alias("number"))
        assert numbered.dtypes == [("number", "int")]
        assert [row.number for row in numbered.collect()] == [24287, 24288, 24289, None]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("MM/dd/yyyy", "05/31/2024", date(2024, 5, 31)),
        ("MM/dd/yyyy", " 05/31/2024\u00a0", date(2024, 5, 31)),
        ("MM/dd/yyyy", "31/05/2024", None),
        ("MM/dd/yyyy", "02/30/2024", None),
        ("MM/dd/yyyy", None, None),
        ("d.M.yyyy", "1.5.2024", date(2024, 5, 1)),
        ("yyyyMMdd", "20240531", date(2024, 5, 31)),
        ("MM/dd/yyyy hh:mm:ss a", "05/31/2024 12:00:00 AM", date(2024, 5, 31)),
        ("MM/dd/yyyy hh:mm:ss a", "05/31/2024 12:30:00 AM", None),
    ],
)
def test_dates_of_a_pattern_do_not_depend_on_the_session(in_zone, pattern, text, expected):
    days = in_zone.createDataFrame([(text,)], "day string")
    assert days.select(parse_date_pattern("day", pattern=pattern)).first()[0] == expected


def test_a_pattern_without_a_year_is_refused(spark):
    with pytest.raises(ArgumentError, match="expected a year, a month and a day"):
        parse_date_pattern("day", pattern="MM/dd")
