"""A run that is killed, really killed, in the middle of a publish, and the run after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.contact_centre import JOB
from lake.ledger import runs
from lake.tables import snapshot_id

TRUSTED, QUARANTINE = "lake.trusted.contact_centre", "lake.quarantine.contact_centre"
KILLED = """
import os, signal
from jobs.contact_centre import JOB
from jobs.publisher import Publisher
from lake import staging
from lake.staging import Staged

def kill(*args):
    os.kill(os.getpid(), signal.SIGKILL)

def kill_if_trusted(function):
    def call(staged, **options):
        return kill() if staged.table == "lake.trusted.contact_centre" else function(staged, **options)
    return call

{point}
JOB.main(["--stage", "refine", "--warehouse", {warehouse!r}, "--WORKFLOW_RUN_ID", "killed"])
"""
POINTS = {
    "after staging": "Publisher.validate = kill",
    "between quarantine and trusted": "Staged.publish = kill_if_trusted(Staged.publish)",
    "before the fast-forward of trusted": "staging._fast_forward = kill_if_trusted(staging._fast_forward)",
    "after the fast-forward of trusted": "Staged.drop = kill_if_trusted(Staged.drop)",
}


def run(lake: SparkSession, landing: object, stage: str, *, run_id: str) -> None:
    JOB.run(lake, JOB.parse(["--stage", stage, "--landing", str(landing), "--WORKFLOW_RUN_ID", run_id]))


def bad_days(lake: SparkSession) -> list[tuple[str, int]]:
    return sorted((row._source_file, row._row_number) for row in lake.table(QUARANTINE).collect())


@pytest.mark.parametrize(
    ("point", "run_id"),
    [
        ("after staging", "killed"),
        ("between quarantine and trusted", "another"),
        ("before the fast-forward of trusted", "killed"),
        ("after the fast-forward of trusted", "another"),
    ],
)
def test_a_killed_publish_is_done_by_the_next_run(
    lake: SparkSession, landing, tmp_path: Path, point: str, run_id: str
) -> None:
    """Each year has one day without calls offered, which belongs in quarantine."""
    landing.workbook("2024.xlsx", [*landing.days(), ["2024-02-01", None, 1, 0, 1.0, 0.8, 31]])
    run(lake, landing, "all", run_id="first")
    before = snapshot_id(lake, TRUSTED), snapshot_id(lake, QUARANTINE)
    days = [*landing.days("2025-01-01", offered=200), ["2025-02-01", None, 1, 0, 1.0, 0.8, 31]]
    landing.workbook("2025.xlsx", days, delivered=60)
    run(lake, landing, "ingest", run_id="killed")

    code = KILLED.format(point=POINTS[point], warehouse=str(tmp_path / "warehouse"))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    is_published = point == "after the fast-forward of trusted"
    assert (snapshot_id(lake, TRUSTED) == before[0]) is not is_published
    assert (snapshot_id(lake, QUARANTINE) == before[1]) is (point == "after staging")
    assert lake.table(TRUSTED).count() == (60 if is_published else 30)
    assert "candidates_killed" in {row["name"] for row in lake.table(f"{TRUSTED}.refs").collect()}
    assert runs(lake).where("run_id = 'killed' AND stage = 'refine'").collect()[0].state == "RUNNING"

    run(lake, landing, "refine", run_id=run_id)
    run(lake, landing, "curate", run_id=run_id)
    answer = lake.table("lake.curated.contact_centre_calls_handled").orderBy("year").collect()
    assert [(row.year, row.days, row.calls_offered) for row in answer] == [(2024, 30, 3000), (2025, 30, 6000)]
    assert bad_days(lake) == [("2024.xlsx", 32), ("2025.xlsx", 32)]
    assert lake.table(TRUSTED).where("_quarantined").count() == 0
