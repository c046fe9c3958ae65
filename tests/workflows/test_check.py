"""Test `citylake check`: break the files of a small dataset, and compare the messages."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

import expectations.suites
import reports
import transforms.datasets
import workflows
from tests.workflows.check_cases_dataset import DEFINITION
from tests.workflows.check_cases_report import REPORT
from tests.workflows.check_cases_suite import SUITE_AND_WORKFLOW
from tests.workflows.check_files import PATHS
from transforms.datasets import dataset_names
from workflows.cli import app

Check = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def check(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Return a function that writes the files of the dataset `visits` with some texts replaced, and checks them.

    The function takes the name of a file, a text and its replacement. If the text is empty, the file has only the
    replacement. If the replacement is None, the file is not written.
    """
    for package in (transforms.datasets, reports, workflows):
        folder = str(tmp_path / package.__name__.replace(".", "/"))
        path = [*package.__path__, folder]
        monkeypatch.setattr(package, "__path__", path)
        monkeypatch.setattr(package.__spec__, "submodule_search_locations", path)
    suites = tmp_path / "expectations/suites/__init__.py"
    monkeypatch.setattr(expectations.suites.__spec__.loader, "path", str(suites))

    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # Two versions of a file can have the same time and size.

    def forget() -> None:
        for package in (transforms.datasets, reports, workflows):
            sys.modules.pop(f"{package.__name__}.visits", None)

    def run(*changes: tuple[str, str, str | None]) -> tuple[int, list[str]]:
        forget()
        texts = {name: text for name, (_, text) in PATHS.items()}
        for name, old, new in changes:
            assert old in texts[name], (name, old)
            texts[name] = (texts[name].replace(old, new) if old else new) if new is not None else ""
        for name, (path, _) in PATHS.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            if texts[name]:
                file.write_text(texts[name], encoding="utf-8")
        importlib.invalidate_caches()
        result = CliRunner().invoke(app, ["check", "visits"])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        lines = [line.removeprefix("citylake: ") for line in result.stderr.splitlines()]
        return result.exit_code, [line for line in lines if line and not line.startswith("warning: ")]

    yield run
    forget()


@pytest.mark.parametrize(("file", "old", "new", "messages"), [*DEFINITION, *REPORT, *SUITE_AND_WORKFLOW])
def test_each_mistake_has_a_message(check: Check, file: str, old: str, new: str | None, messages: str) -> None:
    code, lines = check((file, old, new))

    path = PATHS[file][0]
    paths = tuple(path for path, _ in PATHS.values())
    expected = [line if line.startswith(paths) else f"{path}: {line}" for line in messages.split("\n")]
    assert (code, lines) == (1, expected)


def test_valid_files_have_no_problems(check: Check) -> None:
    assert check() == (0, [])


def test_all_problems_are_listed(check: Check) -> None:
    """The suite and the report are also checked if an answer cannot be built."""
    code, lines = check(
        ("dataset", 'group_by=["year"]', 'group_by=["yaer"]'),
        ("dataset", 'pruning_column="branch"', 'pruning_column="visits"'),
        ("report", "each year?", "each year."),
        ("suite", '"column": "visits"', '"column": "vists"'),
        ("workflow", '"refine"', '"refien"'),
    )

    assert code == 1
    assert [line.split(": ")[0:2] for line in lines] == [
        ["workflows/visits.py", "job 'visits_refien'"],
        ["reports/visits.py", "answer 'yearly'"],
        ["transforms/datasets/visits.py", "pruning_column"],
        ["expectations/suites/visits.json", "expectation 'visits_not_negative'"],
        ["transforms/datasets/visits.py", "answer 'yearly'"],
    ]


def test_the_workflow_and_the_suite_may_be_absent(check: Check) -> None:
    assert check(("workflow", "", None), ("suite", "", None)) == (0, [])


def test_a_suite_without_a_dataset_is_reported_if_a_dataset_has_no_suite(check: Check, tmp_path: Path) -> None:
    """The expectations of a suite that was not renamed with its dataset must not be lost without a message."""
    old = tmp_path / "expectations/suites/visitors.json"
    old.parent.mkdir(parents=True)
    old.write_text(PATHS["suite"][1], encoding="utf-8")

    assert check(("suite", "", None)) == (
        1,
        [
            "expectations/suites/visits.json: suite: the dataset has no suite. These suites belong to no dataset: "
            "visitors.json. Their expectations are not validated. Rename the right file to visits.json, or delete the "
            "files."
        ],
    )
    assert check() == (0, [])
    old.unlink()
    assert check(("suite", "", None)) == (0, [])


def test_an_expectation_may_not_use_a_dropped_column(check: Check) -> None:
    drop = ("dataset", 'partial(partial_redact, right=4), "identifies', '"drop", "identifies')

    assert check(drop, ("suite", '"column": "visits", "min_value": 0', '"column": "card", "min_value": 0')) == (
        1,
        [
            "expectations/suites/visits.json: expectation 'visits_not_negative': column 'card' is dropped by "
            "masking_policy. Mask it with another action, or use another column."
        ],
    )
    assert check(drop) == (0, [])


def test_an_answer_may_declare_no_columns_and_no_charts(check: Check) -> None:
    simple = 'Answer(name="yearly", question="How many?", sentence=str)'
    report = f'from reports.answer import Answer, Report\nREPORT = Report("Visits", (), answers=({simple},))'

    assert check(("report", "", report)) == (0, [])


def test_a_dataset_without_tests_gets_a_warning(check: Check) -> None:
    check()
    result = CliRunner().invoke(app, ["check", "visits"])

    assert result.exit_code == 0
    assert result.stderr == (
        "citylake: warning: tests/transforms/datasets: visits: the dataset has no tests. Add the file "
        "tests/transforms/datasets/test_visits.py.\n"
    )
    assert result.stdout == "visits: no problems\n"


def test_a_check_starts_no_spark_job(spark: SparkSession, check: Check) -> None:
    check()
    scheduler = spark.sparkContext._jsc.sc().dagScheduler()
    before = scheduler.numTotalJobs()

    result = CliRunner().invoke(app, ["check"])

    names = dataset_names()
    assert (result.exit_code, scheduler.numTotalJobs()) == (0, before)
    assert {f"{name}: no problems" for name in names} <= {*result.stdout.splitlines()}
    check(("dataset", 'group_by=["year"]', 'group_by=["yaer"]'))
    assert scheduler.numTotalJobs() == before
    spark.range(1).count()
    assert scheduler.numTotalJobs() > before


def test_a_run_checks_the_files_first(check: Check, tmp_path: Path) -> None:
    """Neither a mistake in a file nor a mistake in a function lets a stage start."""
    for old, new, expected in (
        ('key=("day", "branch")', "key=()", "key: the key is empty"),
        ('group_by=["year"]', 'group_by=["yaer"]', "answer 'yearly': the answer cannot be built"),
    ):
        check(("dataset", old, new))
        sys.modules.pop("transforms.datasets.visits")
        warehouse = tmp_path / "warehouse"
        result = CliRunner().invoke(app, ["run", "visits", "--data", str(tmp_path), "--warehouse", str(warehouse)])

        assert (result.exit_code, result.stdout) == (1, "")
        assert "citylake: check: 1 problem. No job was started.\n" in result.stderr
        assert f"  - transforms/datasets/visits.py: {expected}" in result.stderr
        assert not warehouse.exists()


def test_the_command_starts_its_own_session() -> None:
    """The session has no Iceberg."""
    command = [sys.executable, "-m", "workflows.cli", "check", "contact_centre", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "contact_centre: no problems\n", "")


def test_files_are_checked_without_java() -> None:
    code = (
        "from workflows.check import check_declaration\n"
        "from transforms.datasets import dataset_names\n"
        "from pyspark import SparkContext\n"
        "print({*dataset_names()} >= {'contact_centre', 'registrar'}, SparkContext._gateway)\n"
        "print([problem for name in dataset_names() for problem in check_declaration(name)[1]], SparkContext._gateway)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "True None\n[] None\n"
