"""Start Spark for the `citylake` command."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession

from lake.session import lake_session
from workflows.output import working

_FAST_START = "-XX:TieredStopAtLevel=1"
"""Use only Java's fast compiler. Its optimizing compiler pays off after minutes, and a short command ends earlier."""


def start_fast() -> None:
    """Let Spark start fast in this process. A value of SPARK_SUBMIT_OPTS in the environment takes precedence."""
    os.environ.setdefault("SPARK_SUBMIT_OPTS", _FAST_START)


def short_session(warehouse: str, *, quiet: bool) -> SparkSession:
    """Start a session for a command that reads little data."""
    start_fast()
    with working("starting Spark", quiet=quiet):
        return lake_session(warehouse)
