"""Test that the screens of every dataset fit a terminal of 80 columns and 40 lines."""

from __future__ import annotations

import pytest
from rich.console import Console

from jobs.report_data import MAX_REASONS
from jobs.status import DatasetStatus
from workflows.overview import Overview
from workflows.parts import dataset_names, report_of
from workflows.screens import overview_screen, run_screen

LONG_REASON = "Every cell that is read could be read as a value of its column, such as a date or a whole number."


def overview(dataset: str, *attention: str, state: str = "SUCCEEDED_WITH_SKIPS") -> Overview:
    status = DatasetStatus(dataset, state, "2024-07-10 12:00", 1_234_567, 12_345, attention)
    headline = "93.17 % of the calls of [the] year 2024 were handled (-0.68 points)"
    return Overview(status, 1_250_000, headline, ((LONG_REASON, 12_345),) * MAX_REASONS, 12)


def printed(screen) -> list[str]:
    console = Console(width=80, emoji=False)
    with console.capture() as captured:
        console.print(screen)
    return captured.get().splitlines()


@pytest.mark.parametrize("dataset", dataset_names())
def test_an_overview_lists_all_answers_on_one_screen(dataset: str) -> None:
    attention = "file notes.pdf is skipped: not one of .xlsx or .csv files"
    answers = report_of(dataset).answers
    lines = printed(overview_screen(overview(dataset, attention), answers, warehouse="samples/warehouse"))

    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"{dataset}: 93.17 % of the calls of [the] year 2024")
    listed = [
        answer.name for answer in answers for line in lines if line.split() == [answer.name, *answer.question.split()]
    ]
    assert listed == [answer.name for answer in answers]
    assert f"  {dataset} {attention}" in " ".join(lines)


def test_the_run_screen_shows_headlines_and_counts() -> None:
    """Each dataset has a headline and counts."""
    overviews = [overview(name) for name in dataset_names()]
    overviews[1] = overview(dataset_names()[1], "stage ingest failed: LandingError: no file", state="FAILED")
    lines = printed(run_screen(overviews, warehouse="samples/warehouse", show_command="citylake show DATASET"))
    text = " ".join(" ".join(lines).split())

    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert "contact_centre 1,250,000 1,234,567 12,345 SUCCEEDED WITH SKIPS" in text
    assert text.count("93.17 % of the calls") == len(overviews)
    assert "Needs attention inquiry_volume stage ingest failed: LandingError: no file" in text
    assert "Tables: samples/warehouse Details: citylake show DATASET" in text
    assert "…" not in text
