"""Fixtures that create Spark sessions with different settings, and that build the candidates of a dataset.

The Hypothesis profile `spark` runs each property with few examples, because Spark is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import hypothesis
import pyspark
import pytest
from pyspark.sql import DataFrame, SparkSession

from transforms.dataset import Dataset

hypothesis.settings.register_profile("spark", max_examples=10, deadline=None)
hypothesis.settings.load_profile("spark")

_ANSI = {"ansi": "true", "not ansi": "false"} if pyspark.__version__.startswith("3.") else {"ansi": "true"}
_LINEAGE = (
    "_malformed_record string, _layout string, _is_current boolean, _modified_at timestamp, _ingested_at timestamp, "
    "_source_file string, _row_number int"
)


def _use_session(spark: SparkSession, setting: str, value: str) -> Iterator[SparkSession]:
    session = spark.newSession()
    session.conf.set(setting, value)
    # Expressions use the settings of the active session. This call makes the session active.
    session.createDataFrame([], "a int")
    yield session
    session.conf.unset(setting)
    spark.createDataFrame([], "a int")


@pytest.fixture(params=_ANSI.values(), ids=_ANSI)
def either_ansi(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[SparkSession]:
    """Return a new session in which ANSI mode is on or off.

    On Spark 3, each test runs once with ANSI mode on and once with ANSI mode off. On Spark 4, ANSI mode is always on.
    After the test, the shared session is active again.
    """
    yield from _use_session(spark, "spark.sql.ansi.enabled", request.param)


@pytest.fixture(params=["UTC", "America/New_York", "America/Sao_Paulo"])
def in_zone(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[SparkSession]:
    """Return a new session with its own session time zone. Each test runs once in each of three time zones.

    After the test, the shared session is active again.
    """
    yield from _use_session(spark, "spark.sql.session.timeZone", request.param)


@pytest.fixture
def build_candidates(spark: SparkSession) -> Callable[[Dataset], DataFrame]:
    """Return a function that builds the candidates of a dataset from an empty raw frame with all source columns."""

    def build(dataset: Dataset) -> DataFrame:
        columns = {name.casefold(): name for names in dataset.source_columns.values() for name in names}
        raw = spark.createDataFrame([], ", ".join(f"`{name}` string" for name in columns.values()) + f", {_LINEAGE}")
        return dataset.build(raw, **({"masking_key": b"k" * 32} if dataset.uses_masking_key else {}))

    return build
