"""Provide the tables of all datasets, made once from small samples, and the reports of these tables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from ingest.samples.files import MASKING_KEY
from jobs.report_data import read_datasets
from jobs.stages import dataset_job
from lake.session import catalog_settings
from reports.facts import DatasetFacts
from tests.reports.shared import SAMPLED, made_once
from transforms.datasets import load_dataset
from workflows.parts import sample_writer


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all test processes of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def sample_warehouse(spark: SparkSession, shared_folder: Path) -> Path:
    """Return a warehouse in which the jobs of all datasets have run on samples."""

    def run_jobs() -> None:
        session = spark.newSession()
        for name, value in catalog_settings(str(shared_folder / "warehouse")).items():
            session.conf.set(name, value)
        for dataset in SAMPLED:
            landing = shared_folder / "landing" / dataset
            sample_writer(dataset)(landing)
            argv = ["--landing", str(landing)]
            argv += ["--masking-key", str(landing / MASKING_KEY)] if (landing / MASKING_KEY).exists() else []
            job = dataset_job(load_dataset(dataset))
            job.run(session, job.parse(argv))

    return made_once(shared_folder / "warehouse", run_jobs)


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
    return {facts.name: facts for facts in read_datasets(sample_lake, SAMPLED)}
