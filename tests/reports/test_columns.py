"""Test that the display settings of an answer use only columns of the answer's table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transforms.datasets import dataset_names
from workflows.parts import displayed_answers

PAGES = Path(__file__).parents[2] / "docs/reference/tables"
"""Folder of the pages that list the columns of each answer. `tests/docs` checks that the pages are up to date."""


@pytest.mark.parametrize("dataset", dataset_names())
def test_displayed_answers_use_only_existing_columns(dataset: str) -> None:
    page = (PAGES / f"{dataset}.md").read_text(encoding="utf-8")
    for answer in displayed_answers(dataset):
        _, _, section = page.partition(f"`lake.curated.{dataset}_{answer.name}`")
        columns = set(re.findall(r"^\| `(\w+)`", section.partition("\n## ")[0], flags=re.MULTILINE))
        order = (re.sub(r"'[^']*'", "", expression) for expression in answer.order)
        used = {name for expression in order for name in re.findall(r"[a-z_]+", expression)}
        used |= {column.column for column in answer.columns} | set(re.findall(r"\{(\w+)", answer.headline))
        assert used <= columns, answer.name
