"""The gate parses dates and JSON with Spark functions. Except in a few cases, it accepts the same text as Python."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from itertools import product
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from expectations.core.one_column import expect_column_values_to_be_json_parseable
from expectations.core.strftime import matches_strftime
from expectations.frame import Frame

FORMATS = (
    *(
        "%Y-%m-%d",
        "%m/%d/%Y %I:%M:%S %p",
        "%d.%m.%y",
        "%Y-%m-%dT%H:%M:%S.%f%z",
        "%A, %d %B %Y",
        "%a %b %d",
        "%c",
        "%x %X",
    ),
    *("%Y%j", "%y%m%d%H%M%S", "%S%f", "%d%m", "%y %Y-%m-%d %b", "%w%u", "%z", "%%%j%%Y", "é(%Y)[%m]{%d}.*\n|", ""),
)
OFFSETS = (
    *("Z", "z", "+00:00", "-2359", "+2400", "+00:0000", "+0000:00", "-01:02:03.4", "+010203.4567891", "+9900", "+1"),
)
DAYS = [*product((0, 1, 1900, 2000, 2023, 2024, 9999), range(14), (0, 1, 9, 28, 29, 30, 31, 32))]
MONTHS = ("", *(date(2024, month, 1).strftime("%B") for month in range(1, 13)), "Smarch")
CHARACTERS = '00112233445566789-/:. TZz+pm,é\n\t{}[]"\\au'
TIMES = [
    datetime(2024, 2, 29, 23, 59, 59, 10, timezone.utc),
    datetime(1999, 12, 1, tzinfo=timezone.utc),
    datetime(1068, 7, 9, 12, 5, 0, 123456, timezone.utc),
]


def strftime_by_python(text, strftime_format):
    try:
        datetime.strptime(text, strftime_format)
    except (ValueError, OverflowError):
        return False
    return True


def json_by_python(text):
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def evaluate(spark, texts, is_expected):
    """Return a pair for each text: the text and the value of the Column `is_expected`."""
    rows = spark.createDataFrame(list(enumerate(texts)), "number int, text string")
    values = dict(rows.select("number", is_expected).collect())
    return [(text, values[number]) for number, text in enumerate(texts)]


def write_days(strftime_format):
    """Yield dates as text in forms that people use. Some of the dates do not exist."""
    for number, (year, month, day) in enumerate(DAYS):
        parts = {
            "%Y": f"{year:04d}",
            "%y": f"{year % 100:02d}",
            "%m": (str(month), f"{month:02d}")[number % 2],
            "%d": (str(day), f"{day:02d}", f"{day:2d}")[number % 3],
            "%B": (MONTHS[month], MONTHS[month].upper())[number % 2],
            "%b": MONTHS[month][:3],
            "%j": str(day * 12 + number % 12),
            "%S": str(50 + number % 13),
            "%f": str(3 * number**2),
            "%z": OFFSETS[number % len(OFFSETS)],
        }
        text = strftime_format
        for directive, part in parts.items():
            text = text.replace(directive, part)
        yield TIMES[number % 3].strftime(text.replace("%%", "%%%%"))


def damage(texts, *, seed):
    """Yield 100 damaged copies of each text. In each copy, a few characters are inserted, deleted or replaced."""
    random = Random(seed)
    for text in texts:
        for _ in range(100):
            letters = list(text)
            for _ in range(random.randint(1, 3)):
                start = random.randint(0, len(letters))
                letters[start : start + random.randint(0, 1)] = random.choices(CHARACTERS, k=random.randint(0, 1))
            yield "".join(letters)


@pytest.mark.parametrize("strftime_format", FORMATS)
def test_dates_are_valid_if_python_can_parse_them(spark, strftime_format):
    valid = [time.strftime(strftime_format) for time in TIMES]
    texts = [*valid, *write_days(strftime_format), *damage(valid, seed=strftime_format)]
    values = evaluate(spark, texts, matches_strftime(F.col("text"), strftime_format))
    assert values == [(text, strftime_by_python(text, strftime_format)) for text in texts]
    assert {expected for _, expected in values} == {True, False}


def test_only_ascii_digits_are_accepted_in_dates(spark):
    assert strftime_by_python("٢٠٢٤", "%Y")
    assert evaluate(spark, ["٢٠٢٤", "2024"], matches_strftime(F.col("text"), "%Y")) == [("٢٠٢٤", False), ("2024", True)]


BROKEN_JSON = """
1, "x": 2 ~ 1, 2 ~ 1], [2 ~ 1} ~ 1], "read": 1} junk ~ 1, "read": 1} junk ~ {"value": 1, "read": 1} ~ {'x': 2} ~ {x: 2}
nul ~ True ~ 01 ~ -1 ~ - ~ 1. ~ .5 ~ 1e5 ~ 1E+5 ~ 1e ~ +1 ~ 0x1 ~ -0 ~ {"a": 1, "a": 2}
{"a": 1,} ~ [1,] ~ [,1] ~ {"a"} ~ "x ~ "x" "y" ~ "\\u12" ~ "\\ud800" ~ "\\u013\u4f39" ~ "\\\\u1" ~ "\\x" ~ "\\/" ~ "\t"
\ufeff1 ~ \u00a01 ~ 1 // c ~ /* c */ 1 ~ ] ~ } ~ { ~ [ ~ "]" ~ "}"
""".replace("\n", " ~ ").split(" ~ ")
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@given(values=st.lists(JSON, min_size=5, max_size=20))
def test_json_is_valid_if_python_can_parse_it(spark, values):
    valid = [json.dumps(value, ensure_ascii=len(str(value)) % 2 == 0) for value in values]
    texts = [*BROKEN_JSON, *valid, *damage(valid, seed=valid[0])]
    assert evaluate_json(spark, texts) == [(text, json_by_python(text)) for text in texts]


def evaluate_json(spark, texts):
    frame = Frame(spark.createDataFrame([], "number int, text string").schema)
    rule = expect_column_values_to_be_json_parseable(frame, "text")
    return evaluate(spark, texts, ~rule.unexpected)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "1" * 1001])
def test_json_that_only_python_accepts_is_rejected(spark, text):
    assert json_by_python(text)
    assert evaluate_json(spark, [text]) == [(text, False)]
