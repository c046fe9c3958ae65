"""Sessions in which Spark SQL's ANSI mode is on, and on Spark 3 also off, and of several time zones."""

from __future__ import annotations

from collections.abc import Iterator

import pyspark
import pytest
from pyspark.sql import SparkSession

_ANSI = {"ansi": "true", "not ansi": "false"} if pyspark.__version__.startswith("3.") else {"ansi": "true"}


@pytest.fixture(params=_ANSI.values(), ids=_ANSI)
def either_ansi(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[SparkSession]:
    """Return a session of its own with ANSI on, then one with it off; the shared session is active again after."""
    session = spark.newSession()
    session.conf.set("spark.sql.ansi.enabled", request.param)
    session.createDataFrame([], "a int")  # makes it the active session, whose settings expressions are built with
    yield session
    session.conf.unset("spark.sql.ansi.enabled")
    spark.createDataFrame([], "a int")


@pytest.fixture(params=["UTC", "America/New_York", "America/Sao_Paulo"])
def in_zone(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[SparkSession]:
    """Return a session of its own in one time zone after another; the shared session is active again after."""
    session = spark.newSession()
    session.conf.set("spark.sql.session.timeZone", request.param)
    session.createDataFrame([], "a int")  # makes it the active session
    yield session
    spark.createDataFrame([], "a int")
