"""Write the sheets of a workbook: an overview, a sheet for each answer, the values of the charts, and the sources."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reports.answer import Source
from reports.facts import DatasetFacts
from reports.rows import AnswerRows
from reports.workbook.answer_sheet import write_answer
from reports.workbook.blocks import DataSheet
from reports.workbook.cells import ACCENT, MUTED, Styles, clean_text, sheet_names, write_link, write_value
from reports.workbook.heatmaps import heatmaps_of, write_heatmaps
from reports.workbook.page import header_style, row_height, set_up_page, write_headers

OVERVIEW, CHART_DATA, SOURCES = "Overview", "Chart data", "Sources"

_QUESTION_WIDTH, _ANSWER_WIDTH = 56, 110  # characters
_HEADING_HEIGHT = 24  # points
_MAX_LINK = 2_000  # characters
_NOTES = (
    "All times are in UTC, except times whose column or note says otherwise.",
    "Each answer has all rows of its table. A chart shows selected values, which are on the sheet Chart data.",
    "An empty cell is a missing value. In a column of yes and no, an empty cell is no.",
)


def add_sheets(book: Any, dataset: DatasetFacts) -> None:
    """Add all sheets of a dataset to a workbook of XlsxWriter."""
    styles = Styles(book)
    with_heatmaps = [rows for rows in dataset.answers if heatmaps_of(rows)]
    names = _name_sheets(dataset, with_heatmaps)
    sheets = {key: book.add_worksheet(name) for key, name in names.items()}
    _write_overview(sheets[OVERVIEW], dataset, names, styles)
    data = DataSheet(sheets[CHART_DATA], styles)
    for rows in dataset.answers:
        name = rows.answer.name
        table = f"{dataset.name}_{name}"
        write_answer(book, sheets[name, ""], rows, table=table, data=data, styles=styles)
        write_link(sheets[name, ""], 0, 2, names[OVERVIEW], "Overview", styles)
        if rows in with_heatmaps:
            write_link(sheets[name, ""], 1, 2, names[name, "heatmap"], "Heatmap", styles)
            write_heatmaps(sheets[name, "heatmap"], rows, answer_sheet=names[name, ""], styles=styles)
    _write_sources(sheets[SOURCES], dataset, names, styles)


def _name_sheets(dataset: DatasetFacts, with_heatmaps: list[AnswerRows]) -> dict[Any, str]:
    """Return the name of each sheet in the order of the sheets. The keys of answers are pairs of name and kind."""
    labels: dict[Any, str] = {OVERVIEW: OVERVIEW}
    for rows in dataset.answers:
        labels[rows.answer.name, ""] = rows.answer.name
        if rows in with_heatmaps:
            labels[rows.answer.name, "heatmap"] = f"{rows.answer.name[:22]} heatmap"
    labels |= {CHART_DATA: CHART_DATA, SOURCES: SOURCES}
    return dict(zip(labels, sheet_names(labels.values()), strict=True))


def _write_overview(sheet: Any, dataset: DatasetFacts, names: dict[Any, str], styles: Styles) -> None:
    set_up_page(sheet, styles, dataset.report.title)
    sheet.set_column(0, 0, _QUESTION_WIDTH)
    sheet.set_column(1, 1, _ANSWER_WIDTH)
    sheet.write_string(1, 0, clean_text(dataset.headline), styles.style(font_color=ACCENT, bold=True, font_size=12))
    row = 3
    for label, value in _facts(dataset):
        sheet.write_string(row, 0, label, styles.style(font_color=MUTED))
        number_format = "yyyy-mm-dd hh:mm" if isinstance(value, datetime) else "#,##0"
        write_value(sheet, row, 1, value, styles, number_format, align="left", text_wrap=True)
        row += 1
    row += 1
    write_headers(sheet, row, ("Question", "Answer"), styles)
    for rows in dataset.answers:
        if heading := dataset.report.sections.get(rows.answer.name):
            row += 1
            sheet.set_row(row, _HEADING_HEIGHT)
            sheet.write_string(row, 0, heading, header_style(styles, bottom=0, font_color=MUTED))
        row += 1
        write_link(sheet, row, 0, names[rows.answer.name, ""], rows.answer.question, styles, text_wrap=True)
        sheet.write_string(row, 1, clean_text(rows.sentence), styles.style(text_wrap=True))
        sheet.set_row(row, row_height(rows.sentence, _ANSWER_WIDTH))


def _facts(dataset: DatasetFacts) -> list[tuple[str, Any]]:
    last_run = datetime.fromisoformat(dataset.last_run) if dataset.last_run else "never"
    run_id = dataset.validations[0].run_id if dataset.validations else "not validated"
    facts: list[tuple[str, Any]] = [
        ("Rows landed", dataset.rows_in),
        ("Trusted rows", dataset.trusted),
        ("Rows in quarantine", dataset.quarantined),
        ("Suite", dataset.verdict),
        ("Last run, UTC", last_run),
        ("State of the last run", dataset.state.replace("_", " ").lower()),
        ("Id of the last validated run", run_id),
    ]
    return facts + [("Needs attention", line) for line in dataset.attention]


def _write_sources(sheet: Any, dataset: DatasetFacts, names: dict[Any, str], styles: Styles) -> None:
    set_up_page(sheet, styles, SOURCES)
    for column, width in enumerate((_QUESTION_WIDTH, 64, 40, _ANSWER_WIDTH)):
        sheet.set_column(column, column, width)
    write_headers(sheet, 2, ("Source", "Page", "Licence"), styles)
    row = 3
    for source in dataset.report.sources:
        _write_source(sheet, row, source, styles)
        row += 1
    row += 1
    write_headers(sheet, row, ("Answer", "Table", "Rows", "Note"), styles)
    for rows in dataset.answers:
        row += 1
        answer = rows.answer
        write_link(sheet, row, 0, names[answer.name, ""], answer.question, styles, text_wrap=True)
        sheet.write_string(row, 1, f"lake.curated.{dataset.name}_{answer.name}", styles.style())
        write_value(sheet, row, 2, len(rows.rows), styles, "#,##0", align="left")
        sheet.write_string(row, 3, clean_text(answer.note), styles.style(text_wrap=True))
        sheet.set_row(row, row_height(answer.note, _ANSWER_WIDTH))
    row += 2
    for label, layer in (("Trusted rows", "trusted"), ("Rows in quarantine", "quarantine")):
        sheet.write_string(row, 0, label, styles.style())
        sheet.write_string(row, 1, f"lake.{layer}.{dataset.name}", styles.style())
        row += 1
    for note in _NOTES:
        row += 1
        sheet.write_string(row, 0, note, styles.style())


def _write_source(sheet: Any, row: int, source: Source, styles: Styles) -> None:
    sheet.write_string(row, 0, clean_text(source.title), styles.style(text_wrap=True))
    if source.url.startswith(("https://", "http://")) and len(source.url) <= _MAX_LINK:
        sheet.write_url(row, 1, source.url, styles.style(font_color=ACCENT, underline=1), clean_text(source.url))
    else:
        sheet.write_string(row, 1, clean_text(source.url), styles.style())
    sheet.write_string(row, 2, clean_text(source.licence), styles.style(text_wrap=True))
