"""A run is killed with SIGKILL in the middle of a publish, and the next run completes the publish."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.stages import dataset_job
from lake.ledger import runs
from lake.tables import snapshot_id
from transforms.datasets.contact_centre import DATASET

JOB = dataset_job(DATASET)
TRUSTED, QUARANTINE = "lake.trusted.contact_centre", "lake.quarantine.contact_centre"
KILLED = """
import os, signal
from jobs.dataset import JOB
from lake import staging
from lake.staging import Staged

def kill_if_trusted(function):
    def call(staged, **options):
        if staged.table == "lake.trusted.contact_centre":
            os.kill(os.getpid(), signal.SIGKILL)
        return function(staged, **options)
    return call

{point}
argv = ["--dataset", "contact_centre", "--stage", "refine", "--warehouse", {warehouse!r}]
JOB.main([*argv, "--WORKFLOW_RUN_ID", "killed"])
"""
BEFORE = "staging._fast_forward = kill_if_trusted(staging._fast_forward)"
AFTER = "Staged.drop = kill_if_trusted(Staged.drop)"


def run(lake: SparkSession, landing: object, stage: str, *, run_id: str) -> None:
    JOB.run(lake, JOB.parse(["--stage", stage, "--landing", str(landing), "--WORKFLOW_RUN_ID", run_id]))


def bad_days(lake: SparkSession) -> list[tuple[str, int]]:
    return sorted((row._source_file, row._row_number) for row in lake.table(QUARANTINE).collect())


@pytest.mark.parametrize(
    ("point", "run_id"),
    [(BEFORE, "killed"), (AFTER, "another")],
    ids=["before the fast-forward", "after the fast-forward"],
)
def test_next_run_completes_a_killed_publish(
    lake: SparkSession, landing, tmp_path: Path, point: str, run_id: str
) -> None:
    """In each file, one row is quarantined, because its cell `CallsOffered` is empty.

    `test_increments` kills runs at every write.
    """
    landing.workbook("2024.xlsx", [*landing.days(), ["2024-02-01", None, 1, 0, 1.0, 0.8, 31]])
    run(lake, landing, "all", run_id="first")
    before = snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)
    days = [*landing.days("2025-01-01", offered=200), ["2025-02-01", None, 1, 0, 1.0, 0.8, 31]]
    landing.workbook("2025.xlsx", days, delivered=60)
    run(lake, landing, "ingest", run_id="killed")

    code = KILLED.format(point=point, warehouse=str(tmp_path / "warehouse"))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert (snapshot_id(lake, TRUSTED) == before[0]) is (point == BEFORE)
    assert snapshot_id(lake, QUARANTINE) != before[1]
    assert lake.table(TRUSTED).count() == (30 if point == BEFORE else 60)
    assert "candidates_killed" in {row["name"] for row in lake.table(f"{TRUSTED}.refs").collect()}
    assert runs(lake).where("run_id = 'killed' AND stage = 'refine'").collect()[0].state == "RUNNING"

    run(lake, landing, "refine", run_id=run_id)
    run(lake, landing, "curate", run_id=run_id)
    answer = lake.table("lake.curated.contact_centre_calls_handled").orderBy("year").collect()
    assert [(row.year, row.days, row.calls_offered) for row in answer] == [(2024, 30, 3000), (2025, 30, 6000)]
    assert bad_days(lake) == [("2024.xlsx", 32), ("2025.xlsx", 32)]
    assert lake.table(TRUSTED).where("_quarantined").count() == 0
