"""Test the declared reports of all datasets: columns, charts, sentences and sources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from reports.charts import Chart
from reports.facts import DatasetFacts
from tests.reports.shared import SAMPLED
from tests.transforms.datasets.frames import own_test_value
from transforms.datasets import dataset_names, load_dataset
from workflows.parts import report_of

PAGES = Path(__file__).parents[2] / "docs/reference/tables"
"""Folder of the pages that list the columns of each answer. `tests/docs` checks that the pages are up to date."""

SQL_WORDS = {*"and or not is null in like max over case when then else end day last_day".split()}


def names_in(expressions: Iterable[str]) -> set[str]:
    texts = (re.sub(r"'[^']*'", "", expression) for expression in expressions)
    return {name for text in texts for name in re.findall(r"[a-z_][a-z_0-9]*", text.lower())} - SQL_WORDS


def names_of(chart: Chart) -> set[str]:
    names = {*chart.category, *chart.values, *chart.panel, *(chart.coordinates or ())}
    return (
        names | {chart.series, chart.series_order, chart.weight} | names_in([chart.where, chart.complete, chart.places])
    ) - {""}


@pytest.mark.parametrize("dataset", dataset_names())
def test_answers_and_charts_use_only_existing_columns(dataset: str) -> None:
    page = (PAGES / f"{dataset}.md").read_text(encoding="utf-8")
    for answer in report_of(dataset).answers:
        _, _, section = page.partition(f"`lake.curated.{dataset}_{answer.name}`")
        columns = set(re.findall(r"^\| `(\w+)`", section.partition("\n## ")[0], flags=re.MULTILINE))
        assert {*answer.columns} | names_in(answer.order) <= columns, answer.name
        for chart in answer.charts:
            assert names_of(chart) <= columns, answer.name


@pytest.mark.parametrize("dataset", dataset_names())
def test_each_answer_of_a_dataset_is_in_its_report(dataset: str) -> None:
    report = report_of(dataset)
    names = [answer.name for answer in report.answers]

    assert names == [*load_dataset(dataset).answers]
    assert {*report.sections} | {report.sparkline} <= {*names, ""}
    assert all(answer.charts and answer.question.endswith("?") for answer in report.answers)


@pytest.mark.parametrize("dataset", SAMPLED)
def test_each_answer_has_whole_sentences_and_a_chart(dataset: str, sample_reports: dict[str, DatasetFacts]) -> None:
    for rows in sample_reports[dataset].answers:
        sentence = rows.sentence

        assert re.fullmatch(r"[A-Z0-9].*[^.]\.", sentence), sentence
        assert "None" not in sentence
        if rows.rows:
            assert [chart.kind for chart, data in zip(rows.answer.charts, rows.charts, strict=True) if data.points]
        else:
            assert sentence == rows.answer.empty


@pytest.mark.parametrize("dataset", SAMPLED)
def test_missing_values_do_not_break_a_sentence(dataset: str, sample_reports: dict[str, DatasetFacts]) -> None:
    """A column that can be null is null in all rows, and then in the first row.

    The tests of a dataset list the columns in `NULLABLE`, by the name of the answer.
    """
    nullable = own_test_value(dataset, "NULLABLE", default={})
    for rows in sample_reports[dataset].answers:
        for name in nullable.get(rows.answer.name, ()):
            for count in (len(rows.rows), 1):
                blank = [{**row, name: None} if number < count else row for number, row in enumerate(rows.rows)]
                assert "None" not in rows.answer.text(blank), (rows.answer.name, name)
