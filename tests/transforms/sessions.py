"""Create Spark sessions with different settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pyspark
from pyspark.sql import SparkSession

ANSI, TIME_ZONE = "spark.sql.ansi.enabled", "spark.sql.session.timeZone"
ANSI_MODES = {"ansi": "true", "not ansi": "false"} if pyspark.__version__.startswith("3.") else {"ansi": "true"}
"""The modes to test, by their names. On Spark 4, ANSI mode is always on."""


@contextmanager
def use_session(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """Create a session with the given settings. Afterwards, the shared session is active again."""
    session = spark.newSession()
    for setting, value in settings.items():
        session.conf.set(setting, value)
    # Expressions use the settings of the active session. This call makes the session active.
    session.createDataFrame([], "a int")
    yield session
    for setting in settings:
        session.conf.unset(setting)
    spark.createDataFrame([], "a int")
