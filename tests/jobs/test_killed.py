"""A run that is killed, really killed, in the middle of a publish."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs import contact_centre
from jobs.arguments import parse_arguments
from lake.ledger import runs
from lake.tables import snapshot_id

KILLED_AT = """
import os, signal, sys
from lake.publish import Staged
setattr(Staged, {step!r}, lambda *args: os.kill(os.getpid(), signal.SIGKILL))
from jobs.contact_centre import main
main(["--stage", "refine", "--warehouse", {warehouse!r}, "--WORKFLOW_RUN_ID", "killed"])
"""


def run(lake: SparkSession, landing: object, stage: str) -> None:
    contact_centre.run(lake, parse_arguments("contact_centre", ["--stage", stage, "--landing", str(landing)]))


@pytest.mark.parametrize("step", ["written", "discard"])
def test_a_publish_killed_before_the_fast_forward_changes_nothing(
    lake: SparkSession, landing, tmp_path: Path, step: str
) -> None:
    """`written` comes right after the rows are on the branch, `discard` just before the fast-forward of trusted."""
    trusted = "lake.trusted.contact_centre"
    landing.workbook("2024.xlsx", landing.days())
    run(lake, landing, "all")
    before = snapshot_id(lake, trusted)
    landing.workbook("2025.xlsx", landing.days("2025-01-01", offered=200), delivered=60)
    run(lake, landing, "ingest")

    code = KILLED_AT.format(step=step, warehouse=str(tmp_path / "warehouse"))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert snapshot_id(lake, trusted) == before
    assert lake.table(trusted).count() == 30
    assert "audit_killed" in {row["name"] for row in lake.table(f"{trusted}.refs").collect()}
    assert runs(lake).where("run_id = 'killed'").collect()[0].state == "RUNNING"

    run(lake, landing, "refine")
    run(lake, landing, "curate")
    answer = lake.table("lake.curated.contact_centre_calls_handled").orderBy("year").collect()
    assert [(row.year, row.days, row.calls_offered) for row in answer] == [(2024, 30, 3000), (2025, 30, 6000)]
