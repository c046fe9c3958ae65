"""Create tables and add columns, also from several processes at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from lake.iceberg import ENGINE_ERRORS, commit_lock, load_table
from lake.ledger import RUNS, runs
from lake.tables import add_columns, align_columns, ensure_table

ROUNDS = 8
FOLDER = Path(__file__).parents[2]
# The two processes wait for each other before each step, so that both start the step within milliseconds.
WORKER = """
import json, sys, time
from pathlib import Path
from lake.ledger import StageResult, record_stage
from lake.session import lake_session
from lake.tables import add_columns, ensure_table

number, rounds, meeting = int(sys.argv[1]), int(sys.argv[2]), Path("meeting")

def meet(name):
    Path(meeting, f"{name}_{number}").touch()
    deadline = time.monotonic() + 120
    while not Path(meeting, f"{name}_{1 - number}").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(name)
        time.sleep(0.001)

warm = lake_session(f"warm_{number}", app_name="worker")
ensure_table(warm, "lake.ops.warm", warm.createDataFrame([], "n int").schema)
for turn in range(rounds):
    spark = lake_session(f"warehouse_{turn}")
    meet(f"create_{turn}")
    ensure_table(spark, "lake.ops.t", warm.createDataFrame([], "n int").schema)
    meet(f"add_{turn}")
    add_columns(spark, "lake.ops.t", warm.createDataFrame([], "n int, both string, only_%d string" % number).schema)
spark = lake_session("ledger")
for turn in range(rounds):
    meet(f"ledger_{turn}")
    record_stage(spark, StageResult, run_id=f"{number}", workflow=None, job="calls", stage=f"{turn}")
"""


def columns(lake: SparkSession, ddl: str) -> T.StructType:
    return lake.createDataFrame([], ddl).schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run two processes that write to the same warehouses, and return the folder that contains the warehouses."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "meeting").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    commands = [[sys.executable, "-c", WORKER, str(number), str(ROUNDS)] for number in range(2)]
    processes = [
        subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    errors = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(errors)
    return folder


def test_concurrent_processes_can_change_the_same_table(folder: Path) -> None:
    """Both processes create the table and add columns."""
    for turn in range(ROUNDS):
        metadata = folder / f"warehouse_{turn}/ops/t/metadata"
        latest = max(metadata.glob("v*.metadata.json"), key=lambda path: int(path.name.split(".")[0][1:]))
        table = json.loads(latest.read_text(encoding="utf-8"))
        schema = next(each for each in table["schemas"] if each["schema-id"] == table["current-schema-id"])
        assert sorted(field["name"] for field in schema["fields"]) == ["both", "n", "only_0", "only_1"]


def test_new_ledger_keeps_rows_of_both_processes(lake: SparkSession, folder: Path) -> None:
    lake.conf.set("spark.sql.catalog.lake.warehouse", str(folder / "ledger"))

    assert lake.table(RUNS).count() == 2 * 2 * ROUNDS
    assert runs(lake).where("state = 'SUCCEEDED'").count() == 2 * ROUNDS


def test_recreating_a_table_keeps_its_columns(lake: SparkSession) -> None:
    ensure_table(lake, "lake.ops.t", columns(lake, "a int, b int"), properties={"x": "1"})
    ensure_table(lake, "lake.ops.t", columns(lake, "c string"), properties={"x": "2"})

    assert lake.table("lake.ops.t").dtypes == [("a", "int"), ("b", "int")]
    assert load_table(lake, "lake.ops.t").properties()["x"] == "1"


def test_missing_columns_are_added_to_a_table(lake: SparkSession) -> None:
    ensure_table(lake, "lake.ops.t", columns(lake, "a int"))
    lake.sql("INSERT INTO lake.ops.t VALUES (1)")
    for _ in range(2):
        add_columns(lake, "lake.ops.t", columns(lake, "A int, `c d` string"))

    assert lake.table("lake.ops.t").dtypes == [("a", "int"), ("c d", "string")]
    assert [tuple(row) for row in lake.table("lake.ops.t").collect()] == [(1, None)]


def test_aligned_rows_match_the_schema(lake: SparkSession) -> None:
    rows = lake.createDataFrame([(1, "x", "dropped")], "A int, `c d` string, other string")
    aligned = align_columns(rows, columns(lake, "`c d` string, b date, a int"))
    assert_df_equality(aligned, lake.createDataFrame([("x", None, 1)], "`c d` string, b date, a int"))


def test_unsupported_column_types_raise_an_error(lake: SparkSession) -> None:
    ensure_table(lake, "lake.ops.t", columns(lake, "a int"))
    with pytest.raises(ENGINE_ERRORS, match="(?i)void|unknown|null"):
        add_columns(lake, "lake.ops.t", columns(lake, "a int, b void"))


def test_the_commit_lock_is_released_after_an_error(lake: SparkSession) -> None:
    ensure_table(lake, "lake.ops.t", columns(lake, "a int"))
    table = load_table(lake, "lake.ops.t")
    with pytest.raises(ValueError, match="stop"), commit_lock(table):
        raise ValueError("stop")
    with commit_lock(table):
        pass
