"""Test that each question of the projects behind CityLake has a section of a report."""

from __future__ import annotations

import re
from pathlib import Path

from transforms.datasets import dataset_names
from workflows.parts import report_of

PAGE = Path(__file__).parents[2] / "docs/reference/questions.md"
QUESTIONS = {"D": 13, "V": 3, "R": 3, "C": 1, "M": 19}
"""The number of questions of each project."""


def rows() -> dict[str, list[str]]:
    """Map the number of each question to the sections that answer the question."""
    lines = re.findall(r"^\| ([A-Z]\d+) \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {number: re.findall(r"`(.+?)`", sections) for number, _, sections in lines}


def test_each_question_of_the_projects_is_listed() -> None:
    numbers = [f"{letter}{number}" for letter, count in QUESTIONS.items() for number in range(1, count + 1)]

    assert sorted(rows()) == sorted(numbers)


def test_each_question_has_sections_that_exist() -> None:
    sections = {f"{dataset}.html#{answer.name}" for dataset in dataset_names() for answer in report_of(dataset).answers}

    assert {number for number, named in rows().items() if not named} == set()
    assert {section for named in rows().values() for section in named} <= sections
