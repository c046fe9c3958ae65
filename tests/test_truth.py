"""Run jobs on samples of several sizes, and compare the tables with the truth file of each sample."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import DecimalType

from ingest.samples import SampleError, denver
from ingest.samples.files import MASKING_KEY
from jobs.stages import dataset_job
from tests.test_no_leaks import leaked, stored
from transforms.datasets import load_dataset

pytestmark = pytest.mark.compiled

ANSWERS = {
    path.stem.removesuffix("_truth"): import_module(f"tests.{path.stem}").ANSWERS
    for path in sorted(Path(__file__).parent.glob("*_truth.py"))
    if path != Path(__file__)
}
"""The expected answers of each dataset that has a module `tests/<dataset>_truth.py`."""


def sample(dataset: str, folder: Path, **options: Any) -> dict[str, Any]:
    import_module(f"ingest.samples.{dataset}").write(folder, **options)
    return json.loads((folder / "_truth.json").read_text())


def read_damaged(folder: Path) -> set[tuple[str, str, str]]:
    rows = [tuple(row) for path in (folder / "_damaged").iterdir() for row in list(csv.reader(path.open()))[1:]]
    assert len(set(rows)) == len(rows)
    return set(rows)


def list_files(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if not path.relative_to(folder).parts[0].startswith("_")]


def count_records(path: Path) -> int:
    """Return the number of rows below the header of a csv file, or the number of JSON objects in another file.

    Truncated JSON objects are counted too.
    """
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = content.decode("utf-8" if path.suffix != ".csv" or content.startswith(codecs.BOM_UTF8) else "cp1252")
    if path.suffix != ".csv":
        return len(text.replace("}{", "}\n{").splitlines())
    delimiter = ";" if ";" in text.splitlines()[0] else ","
    return len([*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]) - 1


def run_job(lake: SparkSession, dataset: str, folder: Path) -> None:
    argv = ["--landing", str(folder)]
    if (folder / MASKING_KEY).exists():
        argv += ["--masking-key", str(folder / MASKING_KEY)]
    job = dataset_job(load_dataset(dataset))
    job.run(lake, job.parse(argv))


def run_on_some_files(lake: SparkSession, dataset: str, folder: Path) -> None:
    """Run the job on some of the files, so that the other files bring late revisions to the next run.

    The files are sorted by name. This run reads most files of the first half, and few files of the second half.
    """
    files = sorted(list_files(folder))
    late = [file for place, file in enumerate(files) if place % 5 == 2 or (place > len(files) // 2 and place % 3)]
    for file in late:
        file.rename(file.with_name(f".{file.name}"))  # ingest ignores hidden files
    run_job(lake, dataset, folder)
    for file in late:
        file.with_name(f".{file.name}").rename(file)


@pytest.mark.parametrize(
    ("dataset", "rows"),
    [
        (dataset, rows)
        for dataset in ANSWERS
        for rows in (1, 2000)
        if rows > 1 or not load_dataset(dataset).is_incremental
    ],
)
def test_the_samples_give_the_expected_tables(lake: SparkSession, tmp_path: Path, dataset: str, rows: int) -> None:
    folder = tmp_path / "landing"
    truth = sample(dataset, folder, rows=rows)
    counts = truth["counts"]

    if load_dataset(dataset).is_incremental:
        run_on_some_files(lake, dataset, folder)
    run_job(lake, dataset, folder)

    tables = {zone: lake.table(f"lake.{zone}.{dataset}") for zone in ("raw", "trusted", "quarantine")}
    numbers = {zone: table.count() for zone, table in tables.items()}
    assert numbers == {"raw": counts["rows"], "trusted": counts["trusted"], "quarantine": len(read_damaged(folder))}
    assert counts["rows"] == counts["trusted"] + counts.get("superseded", 0) + sum(truth["quarantined"].values())
    in_quarantine = tables["quarantine"].selectExpr("_source_file", "string(_row_number)", "_failed_expectations[0]")
    assert {tuple(row) for row in in_quarantine.collect()} == read_damaged(folder)
    warnings = tables["trusted"].selectExpr("explode(_warnings)").groupBy("col").count().collect()
    assert dict(map(tuple, warnings)) == truth["warned"]
    assert {*ANSWERS[dataset]} == {*load_dataset(dataset).answers}
    for answer, (columns, expected_rows) in ANSWERS[dataset].items():
        curated = lake.table(f"lake.curated.{dataset}_{answer}")
        assert curated.columns == columns.split()
        assert Counter(map(tuple, curated.collect())) == Counter(expected_rows(truth)), answer
    if dataset == "service_requests":
        # The masking policy drops the texts in `needles`, and changes the type of the coordinates.
        needles = [*denver._NAMES, "303-555-01", "Example St", "12th AVE"]
        assert leaked(needles, str(tables["raw"].toJSON().collect())) == sorted(needles)
        assert leaked(needles, stored(lake, tmp_path / "warehouse")) == []
        assert {tables["trusted"].schema[name].dataType for name in ("longitude", "latitude")} == {DecimalType(6, 3)}


@pytest.mark.parametrize("dataset", ANSWERS)
def test_only_equal_seeds_give_equal_files(tmp_path: Path, dataset: str) -> None:
    contents = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        sample(dataset, tmp_path / name, rows=200, seed=seed)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        contents[name] = {path.relative_to(tmp_path / name): path.read_bytes() for path in files}

    assert contents["first"] == contents["again"]
    # Only file names at the top level are compared, because the names of event files depend on the seed.
    names = [{path for path in files if len(path.parts) == 1} for files in (contents["first"], contents["other"])]
    assert names[0] == names[1]
    assert contents["first"] != contents["other"]


@pytest.mark.parametrize("dataset", ANSWERS)
def test_spark_writes_samples_with_several_parts(
    spark: SparkSession, tmp_path: Path, dataset: str, count_jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.samples.files.PART", 300)
    truth = sample(dataset, tmp_path / "parts", rows=1000)
    assert count_jobs() > 0

    assert truth["counts"]["rows"] == sum(map(count_records, list_files(tmp_path / "parts")))
    assert Counter(expectation for _, _, expectation in read_damaged(tmp_path / "parts")) == truth["quarantined"]


@pytest.mark.parametrize(("dataset", "rows"), [("inquiry_volume", 0), ("contact_centre", 100)])
def test_an_invalid_number_of_rows_is_rejected(tmp_path: Path, dataset: str, rows: int) -> None:
    with pytest.raises(SampleError, match=f"samples of {rows} rows"):
        sample(dataset, tmp_path / "landing", rows=rows)

    assert not (tmp_path / "landing").exists()
