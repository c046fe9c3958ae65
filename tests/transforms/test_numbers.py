from __future__ import annotations

from transforms.numbers import parse_whole_number

NUMBERS = {
    "0": 0,
    "42": 42,
    "007": 7,
    "42.0": 42,
    "4.2e1": 42,
    "420e-1": None,
    "+5": 5,
    " 12\u00a0": 12,
    "999999999": 999_999_999,
    "1000000000": None,
    "99999999999999999999": None,
    "-0": None,
    "-3": None,
    "0.5": None,
    "1,000": None,
    "12d": None,
    "0x1": None,
    "NaN": None,
    "n/a": None,
    "": None,
    " ": None,
    None: None,
}


def test_only_whole_numbers_of_0_or_more_are_read(either_ansi) -> None:
    rows = either_ansi.createDataFrame([(text,) for text in NUMBERS], "`the. n` string")
    read = rows.select("*", parse_whole_number("the. n").alias("number"))

    assert dict(read.dtypes)["number"] == "int"
    assert {row[0]: row.number for row in read.collect()} == NUMBERS
