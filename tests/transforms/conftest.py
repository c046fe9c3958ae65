"""Fixtures that create Spark sessions with different settings.

The Hypothesis profile `spark` runs each property with few examples, because Spark is slow.
"""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
from pyspark.sql import SparkSession

from tests.transforms.sessions import ANSI, ANSI_MODES, TIME_ZONE, use_session

hypothesis.settings.register_profile("spark", max_examples=10, deadline=None)
hypothesis.settings.load_profile("spark")


@pytest.fixture(params=ANSI_MODES.values(), ids=ANSI_MODES)
def either_ansi(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[SparkSession]:
    """Return a new session in which ANSI mode is on or off.

    On Spark 3, each test runs once with ANSI mode on and once with ANSI mode off. On Spark 4, ANSI mode is always on.
    After the test, the shared session is active again.
    """
    with use_session(spark, {ANSI: request.param}) as session:
        yield session


@pytest.fixture(params=["UTC", "America/New_York", "America/Sao_Paulo"])
def in_zone(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[SparkSession]:
    """Return a new session with its own session time zone. Each test runs once in each of three time zones.

    After the test, the shared session is active again.
    """
    with use_session(spark, {TIME_ZONE: request.param}) as session:
        yield session
