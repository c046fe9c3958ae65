"""One Spark session for all tests and doctests, and lakes that each test has to itself.

On Spark 4 (`make test-spark4`) there is no lake: Iceberg's runtime is for Glue 5.1's Spark.
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

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it, and a console keeps the width that it finds when it is made
os.environ["SPARK_CONF_DIR"] = str(Path(__file__).parent / "tests")  # also for the processes that tests start
_TESTS = {
    "spark.master": "local[2]",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.python.daemon.module": "tests.python_daemon",
    "spark.executorEnv.PYTHONPATH": str(Path(__file__).parent),
}

# Most plans of tests see a handful of rows, so compiling a plan takes longer than interpreting it.
_INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
# Spark's defaults. Tests with the mark `compiled` use them, and so do Spark 4 and the processes that tests start.
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
    for name, value in {**settings, **_TESTS}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    look_up_java_names(session)
    return session


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path, request: pytest.FixtureRequest) -> SparkSession:
    """Return a session with an empty catalog `lake` of this test, in `tmp_path / "warehouse"`."""
    session = spark.newSession()
    code_generation = _COMPILED if request.node.get_closest_marker("compiled") else {}
    for name, value in {**catalog_settings(str(tmp_path / "warehouse")), **code_generation}.items():
        session.conf.set(name, value)
    return session


@pytest.fixture
def count_jobs(spark: SparkSession) -> Callable[[], int]:
    """Return a function that counts the Spark jobs started since it was last called."""
    # Not the status store, which forgets the oldest of more than 1,000 jobs.
    scheduler, seen = spark.sparkContext._jsc.sc().dagScheduler(), [0]

    def count() -> int:
        total = scheduler.numTotalJobs()
        started, seen[0] = total - seen[0], total
        return started

    count()
    return count


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real published data; without it the test is skipped, unless it was promised."""
    promised = os.environ.get("CITYLAKE_REAL_DATA")
    folder = Path(promised or Path(__file__).parent / ".." / "shared" / "data").resolve()
    if not folder.is_dir():
        if promised:
            pytest.fail(f"CITYLAKE_REAL_DATA is {promised}, which is no folder")
        pytest.skip("the published data is not on this machine; CITYLAKE_REAL_DATA says where it is")
    return folder


@pytest.fixture(autouse=True)
def _doctest_spark(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    if request.node.__class__.__name__ == "DoctestItem":
        doctest_namespace["spark"] = request.getfixturevalue("spark")
