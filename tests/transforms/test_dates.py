from __future__ import annotations

from datetime import date

from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.dates import parse_date, parse_month, parse_written_date

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
NO_DATES = [
    None,
    "",
    " ",
    "2023-02-29",
    "2023-02-30",
    "2024-13-01",
    "2024-00-10",
    "2024-01-00",
    "2024-02-29 13:45:00",
    "2024-02-29 00:00:01",
    "2024-02-29\n2024-03-01",
    "2024-2-9",
    "20240229",
    "2024-02",
    "2024-02-29 junk",
    "0000-01-01",
    "2024",
    "03/04/2024",
    "29/02/2024",
    "04-03-2024",
    "24-02-29",
    "Feb 30, 2024",
    "45351.5",
    "4535",
    "00060",
    "09999",
    "453510",
    "-45351",
    "２０２４-02-29",
    "today",
    "now",
    "epoch",
]


def test_dates_are_read(either_ansi):
    days = either_ansi.createDataFrame([(text,) for text in DATES], "text string")
    expected = either_ansi.createDataFrame(list(DATES.items()), "text string, day date")
    assert_df_equality(days.withColumn("day", parse_date("text")), expected)


def test_what_is_no_date_or_could_be_two_is_refused(either_ansi):
    days = either_ansi.createDataFrame([(text,) for text in NO_DATES], "text string")
    expected = either_ansi.createDataFrame([(text, None) for text in NO_DATES], "text string, day date")
    assert_df_equality(days.withColumn("day", parse_date("text")), expected)


def test_a_column_of_any_name_is_read(spark):
    names = ["The Day", "day.of.call", "dåg", "a`b"]
    days = spark.createDataFrame([("2024-02-29",) * 4], names)
    assert days.select(*map(parse_date, names)).collect() == [(date(2024, 2, 29),) * 4]


def test_of_no_rows_come_no_dates(spark):
    parsed = spark.createDataFrame([], "day string").select(parse_date("day").alias("day"))
    assert_df_equality(parsed, spark.createDataFrame([], "day date"))


@settings(max_examples=10, deadline=None)
@given(days=st.lists(FIVE_DIGITS, min_size=1, max_size=6))
def test_text_and_serial_of_a_day_are_the_same_day(spark, days):
    texts = [(day.isoformat(), str((day - EXCEL_EPOCH).days)) for day in days]
    written = spark.createDataFrame(texts, "text string, serial string")
    parsed = written.select(parse_date("text"), parse_date("serial")).collect()
    assert parsed == [(day, day) for day in days]


def test_a_serial_that_a_reader_took_for_a_number_is_a_day(either_ansi):
    rows = either_ansi.sql("SELECT 45351 AS i, 45351D AS d, date'2024-02-29' AS day, 384 AS n")
    found = rows.select(*(parse_date(name) for name in rows.columns)).first()
    assert tuple(found) == (*[date(2024, 2, 29)] * 3, None)


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
NO_MONTHS = [
    *(text for text in NO_DATES if text != "2024-02"),
    "2024-00",
    "2024-13",
    "0000-01",
    "2024-1",
    "2024-001",
    "2024-02-",
    "2024-2-01",
    "24-02",
    "12024-02",
    "-2024-02",
    "202402",
    "2024/02",
    "02-2024",
    "2024 - 02",
    "2024-02\n2024-03",
    "2024-02-15",
    "2024-02-29",
    "2024-02-01T10:00:00",
    "45324",
    "45322",
    "Feb 2024",
    "２０２４-02",
]


def test_months_are_read_as_their_first_day_and_all_else_is_refused(either_ansi):
    rows = {**MONTHS, **dict.fromkeys(NO_MONTHS)}
    months = either_ansi.createDataFrame([(text,) for text in rows], "text string")
    expected = either_ansi.createDataFrame(list(rows.items()), "text string, month date")
    assert_df_equality(months.withColumn("month", parse_month("text")), expected)


def test_a_month_that_a_reader_took_for_a_number_or_a_day_is_a_month(spark):
    rows = spark.sql(
        "SELECT 45323 AS i, 45323D AS d, date'2024-02-01' AS `first. day`, date'2024-02-02' AS second, 2024 AS n"
    )
    found = rows.select(*(parse_month(name) for name in rows.columns))
    assert tuple(found.first()) == (*[date(2024, 2, 1)] * 3, None, None)


def test_of_no_rows_come_no_months(spark):
    parsed = spark.createDataFrame([], "month string").select(parse_month("month").alias("month"))
    assert_df_equality(parsed, spark.createDataFrame([], "month date"))


WRITTEN = {
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
NOT_WRITTEN = [
    *("29 Feb 2023", "31 Apr 2023", "0 Mar 2023", "32 Mar 2023", "5 Marc 2023", "5 Mär 2023", "5 Mar 23"),
    *("5 Mar..2023", "5-Mar 2023", "5 Mar-2023", "5Mar2023", "5 Mar", "5 Mar 2023 10:00", "1 Jan 0000", "", " "),
    *("March 32, 2023", "Feb 29, 2023", "Mar 5, 23", "March 2023", "Mar, 5 2023", "5 Mar, 2023"),
    *("2023/13/05", "2023/02/29", "0000/01/01", "2023/03", "13/04/2023", "5/3/2023", "2023/03/05 10:00", "23/03/05"),
]


def test_a_date_with_its_months_name_is_read_and_all_that_parse_date_reads(either_ansi):
    read = DATES | WRITTEN
    days = either_ansi.createDataFrame([(text,) for text in read], "text string")
    expected = either_ansi.createDataFrame(list(read.items()), "text string, day date")
    assert_df_equality(days.withColumn("day", parse_written_date("text")), expected, ignore_nullable=True)


def test_what_is_no_written_date_or_could_be_two_is_refused(either_ansi):
    days = either_ansi.createDataFrame([(text,) for text in [*NOT_WRITTEN, *NO_DATES, None]], "`a. day` string")
    assert {row[0] for row in days.select(parse_written_date("a. day")).collect()} == {None}


def test_a_written_date_is_the_same_in_every_time_zone(in_zone):
    days = in_zone.createDataFrame([(text,) for text in WRITTEN], "day string").select(parse_written_date("day"))
    assert [row[0] for row in days.collect()] == [*WRITTEN.values()]


def test_a_column_that_a_reader_took_for_dates_or_numbers_is_read_as_parse_date_reads_it(either_ansi):
    rows = either_ansi.sql("SELECT 45351 AS i, 45351D AS d, date'2024-02-29' AS day, 384 AS n")
    found = rows.select(*(parse_written_date(name) for name in rows.columns)).first()
    assert tuple(found) == (*[date(2024, 2, 29)] * 3, None)


def test_of_no_rows_come_no_written_dates(spark):
    parsed = spark.createDataFrame([], "day string").select(parse_written_date("day").alias("day"))
    assert_df_equality(parsed, spark.createDataFrame([], "day date"), ignore_nullable=True)
