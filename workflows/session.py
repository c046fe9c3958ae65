"""Start Spark for the `citylake` command."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession

from lake.session import lake_session, local_analysis_session
from workflows.output import working

FAST_START = "-XX:TieredStopAtLevel=1"
"""Java option that disables the optimizing compiler. This compiler saves time only in commands that run for minutes."""


def start_fast() -> None:
    """Make Spark start faster in this process. If the environment has SPARK_SUBMIT_OPTS, nothing is changed."""
    os.environ.setdefault("SPARK_SUBMIT_OPTS", FAST_START)


def short_session(warehouse: str, *, quiet: bool) -> SparkSession:
    """Start a session for a command that reads little data. Spark interprets plans, because compiling takes longer."""
    start_fast()
    with working("starting Spark", quiet=quiet):
        return interpreted_session(warehouse)


def interpreted_session(warehouse: str) -> SparkSession:
    """Return a session in which Spark interprets plans."""
    spark = lake_session(warehouse)
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    return spark


def analysis_session() -> SparkSession:
    """Start a session that analyses queries and runs no jobs. It has no catalog for tables."""
    start_fast()
    return local_analysis_session()
