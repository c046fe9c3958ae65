"""Generate the rows that the gate benchmark measures, and the suite that validates these rows.

Every run generates the same rows and the same suite.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from transforms.dates import parse_date
from transforms.dedupe import keep_latest
from transforms.schema import CAST_FAILURES, Field, change_schema

FIELDS = [
    Field("Request ID", "request_id", "bigint"),
    Field("Opened", "opened_on", "date", parse=parse_date),
    Field("Closed", "closed_on", "date", parse=parse_date),
    Field("Channel", "channel", "string"),
    Field("Postal Code", "postal_code", "string"),
    Field("Minutes", "minutes", "int"),
    Field("Cost", "cost", "double"),
    Field("Revision", "revision", "int"),
]
COLUMNS = [*(field.name for field in FIELDS if field.name != "revision"), CAST_FAILURES]
CHANNELS = ["phone", "web", "app", "email", "counter"]
POSTAL_CODE = "^[A-Z][0-9][A-Z] [0-9][A-Z][0-9]$"
_REQUESTS_PER_REVISION = 50  # one request in 50 has a second revision


def _expectation(name: str, severity: str, type_: str, **kwargs: object) -> dict[str, object]:
    return {"id": name, "type": type_, "kwargs": kwargs, "severity": severity, "meta": {"name": name}}


_PRESENT, _ABSENT = "expect_column_values_to_not_be_null", "expect_column_values_to_be_null"
_BETWEEN, _IN_SET = "expect_column_values_to_be_between", "expect_column_values_to_be_in_set"
_REGEX, _GREATER = "expect_column_values_to_match_regex", "expect_column_pair_values_a_to_be_greater_than_b"
_PAIR = {"column_A": "closed_on", "column_B": "opened_on", "or_equal": True, "ignore_row_if": "either_value_is_missing"}
EXPECTATIONS = [
    _expectation("cells_readable", "critical", _ABSENT, column=CAST_FAILURES, mostly=0.95),
    _expectation("opened_present", "critical", _PRESENT, column="opened_on", mostly=0.95),
    _expectation("channel_present", "critical", _PRESENT, column="channel", mostly=0.95),
    _expectation("minutes_sane", "critical", _BETWEEN, column="minutes", min_value=0, max_value=9999, mostly=0.95),
    _expectation("opened_first", "critical", _GREATER, **_PAIR, mostly=0.95),
    _expectation("since_2009", "warning", _BETWEEN, column="opened_on", min_value="2009-01-01"),
    _expectation("channel_known", "warning", _IN_SET, column="channel", value_set=CHANNELS, mostly=0.99),
    _expectation("postal_code", "warning", _REGEX, column="postal_code", regex=POSTAL_CODE, mostly=0.99),
    _expectation("cost_sane", "warning", _BETWEEN, column="cost", min_value=0, max_value=5000),
    _expectation("cost_present", "warning", _PRESENT, column="cost", mostly=0.9),
]
UNIQUE = _expectation("one_row_per_request", "critical", "expect_column_values_to_be_unique", column="request_id")
PASSES = f"""{CAST_FAILURES} IS NULL AND opened_on IS NOT NULL AND channel IS NOT NULL
    AND coalesce(minutes BETWEEN 0 AND 9999, true) AND coalesce(closed_on >= opened_on, true)"""
"""A hand-written SQL condition that is true if a row passes all critical expectations."""


def suite_json(*expectations: dict[str, object]) -> str:
    """Return a suite as JSON that GX and the gate can read."""
    return json.dumps({"name": "requests", "expectations": list(expectations), "meta": {}})


def load_frame(spark: SparkSession, source: str, folder: Path, *, rows: int) -> DataFrame:
    """Return the frame to measure.

    If `source` is `chain`, the frame refines raw text. Otherwise the frame reads typed rows. The source files are
    created on first use and stay in `folder`.
    """
    raw, typed = (str(folder / f"{name}-{rows}") for name in ("raw", "typed"))
    if not Path(raw, "_SUCCESS").exists():
        generate_raw_requests(spark, rows=rows).write.mode("overwrite").parquet(raw)
    if source == "chain":
        return build_requests(spark.read.parquet(raw))
    if not Path(typed, "_SUCCESS").exists():
        build_requests(spark.read.parquet(raw)).write.mode("overwrite").parquet(typed)
    return spark.read.parquet(typed)


def build_requests(raw: DataFrame) -> DataFrame:
    """Cast raw text to typed rows, and keep the latest revision of each request."""
    typed = raw.transform(change_schema, fields=FIELDS)
    return typed.transform(keep_latest, key=["request_id"], order_by=["revision"]).select(*COLUMNS)


def generate_raw_requests(spark: SparkSession, *, rows: int) -> DataFrame:
    """Generate service requests as text.

    About 1 % of the rows fail a critical expectation, and about 1 % fail an expectation of severity warning.
    """
    revised = F.col("id") >= rows
    request = F.when(revised, (F.col("id") - rows) * _REQUESTS_PER_REVISION).otherwise(F.col("id"))
    opened = F.date_add(F.lit("2009-06-01").cast("date"), _draw("opened", 5600))
    closed = F.date_add(opened, F.when(_is_drawn("reversed", 30), -3).otherwise(_draw("days", 60)))
    channel = F.element_at(F.array(*map(F.lit, CHANNELS)), _draw("channel", 5) + 1)
    digit, letter = _draw("digit", 10), F.char(_draw("letter", 26) + 65)
    postal_code = F.concat(F.lit("V"), digit, letter, F.lit(" "), digit, letter, digit)
    columns = {
        # Multiply by a prime to shuffle the request IDs, because the rows of a real source are not sorted by key.
        "Request ID": F.pmod(request * 2654435761, F.lit(rows)),
        "Opened": _replace_some(opened, {"03/04/2024": 20, "1999-01-01": 10}),
        "Closed": _replace_some(closed, {None: 2000}),
        "Channel": _replace_some(channel, {"pigeon": 20, None: 10}),
        "Postal Code": _replace_some(postal_code, {"unknown": 30, None: 500}),
        "Minutes": _replace_some(_draw("minutes", 600), {"n/a": 20, "-5": 20}),
        "Cost": _replace_some(_draw("cost", 400_000) / 100, {"9000": 20, None: 30}),
        "Revision": F.when(revised, 2).otherwise(1),
    }
    numbers = spark.range(rows + rows // _REQUESTS_PER_REVISION)
    return numbers.select(*(column.cast("string").alias(name) for name, column in columns.items()))


def _replace_some(value: Column, shares: Mapping[str | None, int]) -> Column:
    """Replace some values by other texts.

    `shares[text]` is the approximate number of rows in 10,000 that get `text`.
    """
    column = value.cast("string")
    for text, share in shares.items():
        column = F.when(_is_drawn(f"{value} {text}", share), F.lit(text)).otherwise(column)
    return column


def _draw(seed: str, below: int) -> Column:
    return F.pmod(F.xxhash64("id", F.lit(seed)), F.lit(below)).cast("int")


def _is_drawn(seed: str, share: int) -> Column:
    return _draw(seed, 10_000) < share
