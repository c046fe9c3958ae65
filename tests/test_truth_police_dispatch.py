"""What comes of samples of dispatched incidents is what their truth file says: rows, quarantine, warnings, answers.

The chain runs in memory here: files are read as raw has them, built, judged and answered.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from expectations.gate import judge
from expectations.suite import load_suite
from ingest.samples import police_dispatch as samples
from tests.police_dispatch_answers import RIGHT
from transforms.datasets.police_dispatch import ANSWERS, KEY, ORDER, SOURCE_FIELDS, build_incidents

ARRIVED = datetime(2026, 1, 1, tzinfo=timezone.utc)
FIELDS = [field.source for field in SOURCE_FIELDS]
LINEAGE = "_source_file string, _row_number int, _delivered_at timestamp, _ingested_at timestamp"
RAW = ", ".join(f"{name} string" for name in FIELDS) + f", _malformed_record string, {LINEAGE}"


def sample(folder: Path, **options: Any) -> dict[str, Any]:
    samples.write(folder, **options)
    return json.loads((folder / "_truth.json").read_text())


def delivered(folder: Path) -> list[Path]:
    """Return the landing files, in the order of their names."""
    return sorted(path for path in folder.glob("2*/**/*") if path.is_file())


def lines_of(path: Path) -> list[str]:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode().splitlines()


def records(line: str) -> Iterator[dict[str, Any] | None]:
    """Return the objects of a line, one behind another; None for what is none."""
    while line:
        try:
            record, end = json.JSONDecoder().raw_decode(line)
        except json.JSONDecodeError:
            yield None
            return
        yield record
        line = line[end:].lstrip()


def as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def read(spark: SparkSession, folder: Path) -> DataFrame:
    """Return the landing files as raw has them: all cells as text, each record numbered within its file."""
    rows = []
    for path in delivered(folder):
        found = [(line, record) for line in lines_of(path) for record in records(line)]
        for number, (line, record) in enumerate(found, 1):
            cells = [as_text((record or {}).get(name)) for name in FIELDS]
            lineage = (str(path.relative_to(folder)), number, ARRIVED, ARRIVED)
            rows.append((*cells, line if record is None else None, *lineage))
    return spark.createDataFrame(rows, RAW)


def damaged(folder: Path) -> set[tuple[str, int, str]]:
    rows = [row for path in (folder / "_damaged").iterdir() for row in list(csv.reader(path.open()))[1:]]
    assert len({(file, row) for file, row, _ in rows}) == len(rows)
    return {(file, int(row), expectation) for file, row, expectation in rows}


@pytest.mark.parametrize("rows", [1, 1500])
def test_what_comes_of_samples_is_the_truth(spark: SparkSession, tmp_path: Path, rows: int) -> None:
    truth = sample(tmp_path, rows=rows)
    counts = truth["counts"]
    raw = read(spark, tmp_path)

    judged = judge(build_incidents(raw), suite=load_suite("police_dispatch"), key=KEY, order_by=ORDER)
    marked = judged.rows.localCheckpoint()
    trusted = marked.where("NOT _quarantined").localCheckpoint()

    assert raw.count() == counts["rows"]
    assert trusted.count() == counts["trusted"]
    assert counts["rows"] == counts["trusted"] + counts["superseded"] + sum(truth["quarantined"].values())
    in_quarantine = judged.rejected(marked).selectExpr("_source_file", "_row_number", "_failed_expectations[0]")
    assert {tuple(row) for row in in_quarantine.collect()} == damaged(tmp_path)
    warnings = trusted.selectExpr("explode(_warnings)").groupBy("col").count().collect()
    assert dict(map(tuple, warnings)) == truth["warned"]
    assert [*ANSWERS] == [*RIGHT]
    for name, (columns, right) in RIGHT.items():
        answer = ANSWERS[name](trusted)
        assert answer.columns == columns.split()
        assert Counter(map(tuple, answer.collect())) == Counter(right(truth)), name


def test_the_order_of_delivery_makes_no_difference(spark: SparkSession, tmp_path: Path) -> None:
    """A row that came in another file, earlier or later, gives the same incident but for where it came from."""
    sample(tmp_path, rows=300)
    raw = read(spark, tmp_path).localCheckpoint()
    turned = raw.withColumn("_source_file", raw["_source_file"].substr(1, 0)).withColumn(
        "_row_number", -raw["_row_number"]
    )
    suite, columns = load_suite("police_dispatch"), ["incident_id", "row_ts", "end_time", "city", "dispatch_arrive"]
    published = [
        judge(build_incidents(rows), suite=suite, key=KEY, order_by=ORDER).rows.where("NOT _quarantined")
        for rows in (raw, turned)
    ]
    one, other = (Counter(map(tuple, incidents.select(*columns).collect())) for incidents in published)
    assert one == other


def test_the_same_seed_gives_the_same_files_and_another_gives_others(tmp_path: Path) -> None:
    made = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        folder = tmp_path / name
        truth = sample(folder, rows=200, seed=seed)
        files = {path.relative_to(folder): (path.read_bytes(), path.stat().st_mtime) for path in delivered(folder)}
        made[name] = (truth, damaged(folder), files)

    assert made["first"] == made["again"]
    assert not made["first"][2].keys() & made["other"][2].keys()


def test_samples_of_many_parts_are_made_by_spark_and_add_up(
    spark: SparkSession, tmp_path: Path, count_jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.samples.files.PART", 300)
    truth = sample(tmp_path, rows=1000)
    assert count_jobs() > 0

    found = [record for path in delivered(tmp_path) for line in lines_of(path) for record in records(line)]
    assert len(found) == truth["counts"]["rows"]
    assert Counter(expectation for _, _, expectation in damaged(tmp_path)) == truth["quarantined"]


def test_samples_hold_the_dirt_of_the_feed(tmp_path: Path) -> None:
    """What this asserts is what makes the test of the truth worth something."""
    truth = sample(tmp_path, rows=1500)
    files = delivered(tmp_path)
    lines = [line for path in files for line in lines_of(path)]
    found = [record for line in lines for record in records(line)]
    text = "\n".join(lines)

    assert {path.suffix for path in files} == {"", ".gz"}
    assert {len(path.relative_to(tmp_path).parts) for path in files} == {5}
    assert len(found) > len(lines)  # objects on one line
    assert None in found  # lines cut off
    assert {type(record["dispatch_arrive"]) for record in found if record and "dispatch_arrive" in record} == {
        *(str, int, float, type(None)),
    }
    for piece in ('"start_time": "2024-11-03T01:', '"geolocation": "POINT (', '"latitude": "', '"type": "Point"'):
        assert piece in text
    assert all(":@computed_region_6vgr_duib" in record for record in found if record)
    assert truth["counts"]["duplicates"] > 0
    assert all(truth["warned"].values())
    assert len(truth["warned"]) == sum(
        item.severity == "warning" for item in load_suite("police_dispatch").expectations
    )
    critical = {item.id for item in load_suite("police_dispatch").expectations if item.severity == "critical"}
    assert set(truth["quarantined"]) == critical
