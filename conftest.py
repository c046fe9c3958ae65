"""Fixtures for all tests and doctests: one shared Spark session, and an empty lake for each test.

`make test-spark4` runs without a lake, because the Iceberg runtime does not support Spark 4.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyspark
import pytest
from pyspark.sql import SparkSession

from lake.iceberg import look_up_java_names
from lake.session import catalog_settings, common_settings, local_settings

# pytest-xdist sets COLUMNS. If COLUMNS stayed set, the consoles of all tests would have the same width.
os.environ.pop("COLUMNS", None)
# Tests run each piece of code only a few times. So C1, the fast compiler of Java, is enough. The compiled code of a
# thousand tests needs more than 48 MB, which is the default size of C1's code cache. With VFORK, Java starts other
# programs faster. Subprocesses of tests inherit this variable.
_JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseParallelGC"
os.environ["SPARK_SUBMIT_OPTS"] = f"{_JAVA_OPTIONS} -Djdk.lang.Process.launchMechanism=VFORK"
_TEST_SETTINGS = {
    "spark.master": "local[2]",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.python.daemon.module": "tests.python_daemon",
    "spark.executorEnv.PYTHONPATH": str(Path(__file__).parent),
}

# Most tests run without Spark's code generation. For a few rows, code generation takes longer than the query itself.
_INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
# Spark's default settings, for tests with the mark `compiled`. Tests on Spark 4 and subprocesses of tests also run with
# Spark's default settings.
_COMPILED = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """Return the session that all tests share."""
    if pyspark.__version__.startswith("3."):
        settings = {**common_settings(), **local_settings(), **_INTERPRETED}
    else:
        os.environ["PYSPARK_PYTHON"] = sys.executable
        settings = {
            "spark.sql.session.timeZone": "UTC",
            "spark.ui.enabled": "false",
            "spark.sql.adaptive.enabled": "false",
        }
    builder = SparkSession.builder.appName("tests")
    for name, value in {**settings, **_TEST_SETTINGS}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    look_up_java_names(session)
    # Hadoop starts the program `chmod` for each file that it writes. Without checksums, it writes half as many files.
    java: Any = session._jvm
    hadoop: Any = session._jsc.hadoopConfiguration()
    java.org.apache.hadoop.fs.FileSystem.get(java.java.net.URI("file:///"), hadoop).setWriteChecksum(False)
    return session


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path, request: pytest.FixtureRequest) -> SparkSession:
    """Return a session for one test. Its catalog `lake` is empty and keeps its tables in `tmp_path / "warehouse"`."""
    session = spark.newSession()
    code_generation = _COMPILED if request.node.get_closest_marker("compiled") else {}
    for name, value in {**catalog_settings(str(tmp_path / "warehouse")), **code_generation}.items():
        session.conf.set(name, value)
    return session


@pytest.fixture
def count_jobs(spark: SparkSession) -> Callable[[], int]:
    """Return a function that counts the Spark jobs. Each call returns the number of jobs since the previous call."""
    # Do not use Spark's status store, because it keeps only the last 1,000 jobs.
    scheduler, seen = spark.sparkContext._jsc.sc().dagScheduler(), [0]

    def count() -> int:
        total = scheduler.numTotalJobs()
        started, seen[0] = total - seen[0], total
        return started

    count()
    return count


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of the real data that cities publish.

    If `CITYLAKE_REAL_DATA` is not set and the default folder does not exist, the test is skipped. If
    `CITYLAKE_REAL_DATA` is set but its folder does not exist, the test fails.
    """
    configured = os.environ.get("CITYLAKE_REAL_DATA")
    folder = Path(configured or Path(__file__).parent / ".." / "shared" / "data").resolve()
    if not folder.is_dir():
        if configured:
            pytest.fail(f"CITYLAKE_REAL_DATA is {configured}, which is not a folder")
        pytest.skip("the published data is not on this machine. Set CITYLAKE_REAL_DATA to the folder of the data")
    return folder


@pytest.fixture(autouse=True)
def _doctest_spark(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    if request.node.__class__.__name__ == "DoctestItem":
        doctest_namespace["spark"] = request.getfixturevalue("spark")
