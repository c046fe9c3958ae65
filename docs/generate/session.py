"""The Spark session of the page generator. Tests pass a different session to the generator."""

from __future__ import annotations

from tempfile import mkdtemp

from pyspark.sql import SparkSession

from lake.session import lake_session


def local_session() -> SparkSession:
    """Return a session with an empty warehouse."""
    return lake_session(mkdtemp(prefix="citylake-docs-"))
