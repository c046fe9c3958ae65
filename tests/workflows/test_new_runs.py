"""Run new datasets of small files, and of the files that cities published."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import reports
import transforms.datasets
from jobs.stages import dataset_job
from reports.load import load_report
from reports.rows import read_answers
from tests.workflows.new_projects import Project
from transforms.dataset import Dataset
from transforms.datasets import load_dataset

FILES = {
    "contact_centre/3-1-1-contact-centre-metrics-2024.xlsx": (213, ("date",)),
    "inquiry_volume/3-1-1-inquiry-volume-extract.csv": (18, ("department", "year_month")),
    "inquiry_volume/department-share-2023-2024.csv": (86, ("inquiry_department",)),
    "service_requests/vancouver-3-1-1-service-requests-10000.csv": (10_000, None),
}


def run(lake: SparkSession, project: Project, monkeypatch: pytest.MonkeyPatch, name: str, file: Path) -> Dataset:
    """Add a dataset to a copy of the project, and run its stages."""
    project.new(name, file)
    for package in (transforms.datasets, reports):
        folder = project.folder / package.__name__.replace(".", "/")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    job = dataset_job(load_dataset(name))
    for stage in ("ingest", "refine", "curate"):
        job.run(lake, job.parse(["--stage", stage, "--landing", str(file)]))
    return load_dataset(name)


@pytest.mark.parametrize(
    ("name", "content", "counts"),
    [
        ("totals_only", b"value\n1\n2\n4\n", (3, 0)),
        ("malformed", b"day,kind\n2024-05-01,a\n2024-05-02,b\n2024-05-03\n2024-05-04,d\n", (3, 1)),
        ("repeats", b"day,kind\n" + b"2024-05-01,a\n2024-05-01,b\n" * 3, (6, 0)),
        ("repeated_ids", b"case_id,kind\n" + b"c1,a\nc2,b\n" * 3, (2, 0)),
        ("people", b"email,team\n" + b"".join(b"p%d@example.org,a\n" % n for n in range(8)), (8, 0)),
        ("no_key", b"day,kind,size\n" + b"2024-05-01,a,\n2024-05-01,a,2\n2024-05-01,a,3\n", (3, 0)),
    ],
)
def test_new_dataset_of_a_small_file_runs(
    lake: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, landing, name: str, content: bytes, counts
) -> None:
    dataset = run(lake, Project(tmp_path / "project"), monkeypatch, name, landing.file("a.csv", content))

    assert tuple(lake.table(f"lake.{zone}.{name}").count() for zone in ("trusted", "quarantine")) == counts
    first = next(iter(dataset.answers))
    assert lake.table(f"lake.curated.{name}_{first}").agg({"rows": "sum"}).first()[0] == counts[0]


def test_new_dataset_of_a_parquet_file_runs(
    lake: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = "SELECT date_add(date'2024-05-01', n) AS day, 2.0D * n AS km, n AS trips FROM VALUES (0), (1), (40) AS t(n)"
    lake.sql(days).coalesce(1).write.parquet(str(tmp_path / "landing"))

    dataset = run(lake, Project(tmp_path / "project"), monkeypatch, "from_parquet", tmp_path / "landing")

    assert [field.type for field in dataset.fields] == ["date", "double", "int"]
    months = lake.table("lake.curated.from_parquet_by_month").collect()
    assert {(str(row.month), row.rows, row.trips) for row in months} == {("2024-05-01", 2, 1), ("2024-06-01", 1, 40)}


@pytest.mark.parametrize("file", FILES)
def test_new_dataset_of_a_published_file_runs(
    lake: SparkSession, tmp_path: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    name, (rows, key) = f"published_{[*FILES].index(file)}", FILES[file]
    dataset = run(lake, Project(tmp_path / "project"), monkeypatch, name, real_data / file)

    assert dataset.key == key or key is None
    assert lake.table(f"lake.trusted.{name}").count() == rows
    assert lake.table(f"lake.quarantine.{name}").count() == 0
    tables = {answer: lake.table(f"lake.curated.{name}_{answer}") for answer in dataset.answers}
    for answer in read_answers(load_report(name), tables):
        assert any(words in answer.sentence for words in ("the most", "the highest", "The total is"))
    masked = {"address", "latitude", "longitude", "geom"} & {field.name for field in dataset.fields}
    assert masked == {rule.column for rule in dataset.masking_policy}
