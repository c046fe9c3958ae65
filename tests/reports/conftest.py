"""Provide the tables of all datasets, made once from small samples, and the reports of these tables."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from ingest.samples.files import MASKING_KEY
from jobs.report_data import read_datasets
from lake.session import catalog_settings
from reports.facts import DatasetFacts
from transforms.datasets import dataset_names
from workflows.parts import sample_writer


@pytest.fixture(scope="session")
def sample_warehouse(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse in which the jobs of all datasets have run on samples."""
    folder = tmp_path_factory.mktemp("samples")
    session = spark.newSession()
    for name, value in catalog_settings(str(folder / "warehouse")).items():
        session.conf.set(name, value)
    for dataset in dataset_names():
        landing = folder / dataset
        sample_writer(dataset)(landing)
        argv = ["--landing", str(landing)]
        argv += ["--masking-key", str(landing / MASKING_KEY)] if (landing / MASKING_KEY).exists() else []
        job = import_module(f"jobs.{dataset}").JOB
        job.run(session, job.parse(argv))
    return folder / "warehouse"


@pytest.fixture(scope="session")
def sample_lake(spark: SparkSession, sample_warehouse: Path) -> SparkSession:
    """Return a session whose catalog has the tables of `sample_warehouse`."""
    session = spark.newSession()
    for name, value in catalog_settings(str(sample_warehouse)).items():
        session.conf.set(name, value)
    return session


@pytest.fixture(scope="session")
def sample_reports(sample_lake: SparkSession) -> dict[str, DatasetFacts]:
    """Return the facts and answers of all datasets."""
    return {facts.name: facts for facts in read_datasets(sample_lake, dataset_names())}
