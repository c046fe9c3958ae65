"""Test that the code in the tutorial and in the README runs without changes."""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from textwrap import dedent
from types import FunctionType, ModuleType

import pytest
from chispa import DataFramesNotEqualError

from expectations.gate import compile_gate
from expectations.suite import parse_suite
from reports.rows import read_answers
from tests.transforms.datasets import test_contact_centre
from transforms.candidates import build_candidates
from transforms.datasets import contact_centre
from transforms.shares import percentage

BOOKKEEPING = (
    "_malformed_record string, _is_current boolean, _modified_at timestamp, _ingested_at timestamp, "
    "_source_file string, _row_number int"
)
TUTORIAL = Path(__file__).parents[2] / "docs/tutorial"


def blocks(page: str, language: str) -> list[str]:
    text = (TUTORIAL / page).read_text(encoding="utf-8")
    return [dedent(block) for block in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, flags=re.M | re.S)]


@pytest.fixture
def library_visits(monkeypatch):
    code = next(block for block in blocks("small-dataset.md", "python") if "DATASET = " in block)
    module = ModuleType("transforms.datasets.library_visits")
    exec(compile(code, "library_visits.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_example_test_for_library_visits_passes(spark, library_visits):
    """The test is on the page `small-dataset.md`."""
    code = next(block for block in blocks("small-dataset.md", "python") if "def test_" in block)
    names: dict[str, object] = {}
    exec(compile(code, "test_library_visits.py", "exec"), names)
    names["test_visits_of_a_branch_are_added_up"](spark)


def test_library_visits_rows_give_the_expected_answer(spark, library_visits):
    """Two rows of the example fail validation."""
    header, *lines = next(block for block in blocks("small-dataset.md", "") if block.startswith("Date,")).splitlines()
    schema = ", ".join(f"{name} string" for name in header.split(","))
    rows = [(*line.split(","), None, True, None, None, "2024.csv", row) for row, line in enumerate(lines, start=2)]
    raw = spark.createDataFrame(rows, f"{schema}, {BOOKKEEPING}")
    suite = parse_suite(blocks("small-dataset.md", "json")[0], where="library_visits.json")

    gate = compile_gate(build_candidates(raw, dataset=library_visits.DATASET), suite=suite)

    failed = {row._row_number: row._failed_expectations for row in gate.rows_for_quarantine(gate.rows).collect()}
    assert failed == {4: ["every_cell_readable"], 5: ["visits_not_negative"]}
    answer = library_visits.build_branches(gate.rows.where("NOT _quarantined"))
    assert {tuple(row) for row in answer.collect()} == {("Central", 2, 2384), ("Kitsilano", 1, 310)}


def test_report_of_library_visits_has_a_sentence_and_a_chart(spark, library_visits):
    """The report is on the page `small-dataset.md`."""
    code = next(block for block in blocks("small-dataset.md", "python") if "REPORT = " in block)
    names: dict[str, object] = {}
    exec(compile(code, "library_visits.py", "exec"), names)
    visits = spark.createDataFrame([("Kitsilano", 1, 310), ("Central", 2, 2384)], "branch string, days int, visits int")
    (rows,) = read_answers(names["REPORT"], {"branches": visits})

    assert rows.sentence == "Central has the most visits: 2,384."
    assert [(point.category, point.value) for point in rows.charts[0].points] == [("Central", 2384), ("Kitsilano", 310)]


def test_changed_transform_passes_the_new_test(spark):
    """The change and the new test are on the page `first-hour.md`. The test that the page replaces fails."""
    change, new_test = blocks("first-hour.md", "python")
    old = '.transform(change_on_previous, column="calls_handled_pct", period="number", name="change_pct_points")'
    source = inspect.getsource(contact_centre)
    assert source.count(old) == 1
    changed: dict[str, object] = {"__name__": contact_centre.__name__}
    exec(compile(source.replace(old, change.strip()), "contact_centre.py", "exec"), changed)
    names = {**vars(test_contact_centre), "build_calls_handled_monthly": changed["build_calls_handled_monthly"]}
    exec(compile(new_test, "test_contact_centre.py", "exec"), names)
    names["test_months_are_compared_with_the_same_month_of_the_year_before"](spark)

    page = (TUTORIAL / "first-hour.md").read_text(encoding="utf-8")
    old_test = re.search(r"FAILED tests/transforms/datasets/test_contact_centre.py::(\w+)", page).group(1)
    with pytest.raises(DataFramesNotEqualError):
        FunctionType(getattr(test_contact_centre, old_test).__code__, names)(spark)


def test_tutorial_expectation_extends_the_suite():
    """The expectation is on the page `first-hour.md`. The suite is `contact_centre.json`."""
    suite = (TUTORIAL.parents[1] / "expectations/suites/contact_centre.json").read_text(encoding="utf-8")
    added = json.loads(blocks("first-hour.md", "json")[0].rstrip().rstrip(","))
    document = json.loads(suite)
    document["expectations"].insert(0, added)
    assert parse_suite(json.dumps(document), where="contact_centre.json").expectations[0].id == "few_calls_abandoned"


def test_readme_transform_equals_the_source_code(spark):
    """The test in the README passes too."""
    readme = (TUTORIAL.parents[1] / "README.md").read_text(encoding="utf-8")
    transform, test = re.search(r"```python\n(.*?)\n\n\n(.*?)```", readme, flags=re.S).groups()
    assert transform[transform.index("    return (") :] in inspect.getsource(contact_centre.build_calls_handled)
    names: dict[str, object] = {"percentage": percentage}
    exec(compile(test, "README.md", "exec"), names)
    names["test_percentage_of_zero_is_null"](spark)
