"""Run jobs with the catalog settings of AWS Glue. The library moto simulates S3 and the Glue Data Catalog.

The main differences from AWS Glue are:

- The classes `GlueCatalog` and `S3FileIO` are in the Java package `smfs.shaded.org.apache`. The only jar on PyPI that
  contains the two classes uses this package name.
- Requests to S3 and to the Data Catalog go to the endpoint of moto.
- Hadoop maps the `s3://` addresses of landed files to a local folder, because no jar on PyPI lets Spark read S3.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.conftest import Landing

SESSION = """
import sys
from pyspark.sql import SparkSession
from lake.session import catalog_settings, common_settings, local_settings

warehouse, endpoint, jar, bucket = sys.argv[1:]
catalog = "spark.sql.catalog.lake"
settings = {**common_settings(), **catalog_settings(warehouse)}
settings = {name: value.replace("org.apache", "smfs.shaded.org.apache") for name, value in settings.items()}
settings |= {**local_settings(), "spark.driver.extraClassPath": jar, f"{catalog}.client.region": "us-east-1"}
settings |= {f"{catalog}.s3.endpoint": endpoint, f"{catalog}.s3.path-style-access": "true"}
settings |= {f"{catalog}.glue.endpoint": endpoint}
settings |= {"spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"}
settings |= {"spark.hadoop.fs.viewfs.mounttable.city.link./landing": f"file://{bucket}/landing"}
builder = SparkSession.builder
for name, value in settings.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
"""
CALLS = """
from jobs.dataset import JOB
arguments = ["--dataset", "contact_centre", "--landing", "s3://city/landing/calls", "--warehouse", warehouse]
for _ in range(2):
    for entry in JOB.run(spark, JOB.parse(arguments)):
        result = entry.result
        print(entry.stage, entry.state, result.rows_in, result.rows_out, result.rows_quarantined, *result.notes)
print([tuple(row) for row in spark.table("lake.curated.contact_centre_calls_handled").collect()])
"""
DISPATCHES = """
from ingest.crawl import crawl
from ingest.raw import ingest
from transforms.datasets.police_dispatch import DATASET
arguments = {"dataset": "police_dispatch", "landing": "s3://city/landing/dispatches", "run_id": "r"}
arguments |= {"layouts": DATASET.source_columns}
print(crawl(spark, **arguments))
print(ingest(spark, **arguments).rows)
for row in spark.table("lake.raw.police_dispatch").orderBy("_source_file", "_row_number").collect():
    print(row.incident_id, row._source_file, row._row_number)
"""


NAMES = ["2024/07/10/17/a.json", "a blank.json", "day=1/per%20cent+plus.json", "é[1].json"]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Upload files to the bucket `city`, run `CALLS` and `DISPATCHES` in one session, and return the printed lines."""
    folder = tmp_path_factory.mktemp("glue")
    calls, dispatches = (Landing(folder / "landing" / name) for name in ("calls", "dispatches"))
    days = Landing.days()
    days[4][1] = "n/a"
    calls.workbook("2024.xlsx", days)
    for number, name in enumerate(NAMES):
        dispatches.file(name, f'{{"incident_id": "P{number}"}}\n{{"incident_id": "Q{number}"}}\n'.encode())
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
            monkeypatch.setenv(name, "us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()
        try:
            yield run_on_glue(CALLS + DISPATCHES, endpoint, folder)
        finally:
            server.stop()


def run_on_glue(jobs: str, aws: str, folder: Path) -> list[str]:
    """Upload the folder `landing` to the bucket `city`, run the code `jobs`, and return the printed lines."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="city")
    for path in (folder / "landing").rglob("*.*"):
        s3.upload_file(str(path), "city", path.relative_to(folder).as_posix())
    package = util.find_spec("feature_store_pyspark")
    assert package is not None
    jar = Path(str(package.origin)).parent / "jars" / "sagemaker-feature-store-spark-sdk-3.5.jar"
    command = [sys.executable, "-c", SESSION + jobs, "s3://city/warehouse", aws, str(jar), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_glue_job_publishes_tables_to_the_catalog(printed: list[str]) -> None:
    """The data files are on S3."""
    assert printed[:7] == [
        "ingest SUCCEEDED 30 30 None",
        "refine SUCCEEDED 30 29 1",
        "curate SUCCEEDED 29 2 None 2 of 2 answers built",
        "ingest SUCCEEDED 0 0 None",
        "refine SUCCEEDED 0 None None nothing is new in raw",
        "curate SUCCEEDED None None None no answer is stale",
        "[(2024, 29, datetime.date(2024, 1, 1), datetime.date(2024, 1, 30), 2900, 2610, 90.0, None)]",
    ]
    glue = boto3.client("glue")
    databases = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    assert databases == {"raw", "trusted", "quarantine", "curated", "ops"}
    table = glue.get_table(DatabaseName="trusted", Name="contact_centre")["Table"]
    assert table["Parameters"]["table_type"] == "ICEBERG"
    keys = [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket="city", Prefix="warehouse/")["Contents"]]
    assert any(key.startswith("warehouse/trusted.db/contact_centre/data/_quarantined=false/") for key in keys)


def test_event_files_can_have_any_name(printed: list[str]) -> None:
    crawled, ingested, *rows = printed[7:]

    assert (crawled, ingested) == ("4 new files in 3 folders, 1 columns", "8")
    assert rows == [f"{row}{NAMES.index(name)} {name} {'PQ'.index(row) + 1}" for name in sorted(NAMES) for row in "PQ"]
