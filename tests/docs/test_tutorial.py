"""Test that the code in the tutorial `first-hour.md` and in the README runs without changes."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from textwrap import dedent
from types import FunctionType

import pytest
from chispa import DataFramesNotEqualError

from expectations.suite import parse_suite
from tests.transforms.datasets import test_contact_centre
from transforms.datasets import contact_centre
from transforms.shares import percentage

TUTORIAL = Path(__file__).parents[2] / "docs/tutorial"


def blocks(page: str, language: str) -> list[str]:
    text = (TUTORIAL / page).read_text(encoding="utf-8")
    return [dedent(block) for block in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, flags=re.M | re.S)]


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
