"""Render the pages of a site from templates. Jinja escapes every value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.columns import DisplayColumn
from reports.describe import describe_expectation
from reports.drawing.layout import CONFIG
from reports.facts import DatasetFacts, Validation
from reports.records import to_csv
from reports.rows import AnswerRows
from reports.site.pictures import DatasetPictures, Picture
from reports.validation import result_text

MAX_TABLE_ROWS = 30
"""Maximum number of rows of a table on a page. The csv file of the answer has all rows."""

_TEMPLATES = "reports.site.templates"
_RUN_HEADERS = (
    DisplayColumn("started", "Started, UTC"),
    *(DisplayColumn(name, name, ",d") for name in ("Rows validated", "Out", "Quarantined")),
    DisplayColumn("verdict", "Suite"),
)
_RESULT_HEADERS = (
    DisplayColumn("met", "Met"),
    DisplayColumn("description", "Expectation"),
    DisplayColumn("severity", "Severity"),
    DisplayColumn("result", "Result"),
)


@dataclass(frozen=True)
class Site:
    """The files of a site.

    Attributes:
        index: The index page, which links to all other pages.
        files: All other files, by path. Pages and files refer to each other by these paths.
    """

    index: str
    files: Mapping[str, str]


def render_site(
    datasets: Sequence[DatasetFacts],
    pictures: Mapping[str, DatasetPictures],
    *,
    library: str,
    version: str,
    written: datetime,
    hash_pages: bool = False,
) -> Site:
    """Render the pages of datasets. `pictures` has the drawn charts of each dataset.

    `written` is the current time in UTC. If `hash_pages` is true, the names of all pages except the index page contain
    the hash of their content, so that a new version of the site does not change a file of the old version.
    """
    templates = Environment(
        loader=PackageLoader("reports.site"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    contents: dict[str, str] = {}

    def add(name: str, content: str, *, hashed: bool = True) -> str:
        stem, _, extension = name.rpartition(".")
        path = f"{stem}.{sha256(content.encode()).hexdigest()[:10]}.{extension}" if hashed else name
        contents[path] = content
        return path

    assets = {name: add(f"assets/{name}", _asset(name)) for name in ("report.css", "report.js")}
    common = {"version": version, "written": f"{written:%Y-%m-%d %H:%M}", "assets": assets}
    library_path = add("assets/vega.js", library)
    pages = {}
    for dataset in datasets:
        drawn = pictures[dataset.name].answers
        charts = {
            width: add(f"assets/{dataset.name}-{width}.js", _chart_script(drawn, width)) for width in ("wide", "narrow")
        }
        answers = zip(dataset.answers, drawn, strict=True)
        sections = [_section(dataset, answer, charts_of_answer, add) for answer, charts_of_answer in answers]
        settings = {"dataset": dataset, "sections": sections, "scripts": {"library": library_path, **charts}}
        page = templates.get_template("dataset.html").render(**common, **settings)
        pages[dataset.name] = add(f"{dataset.name}.html", page, hashed=hash_pages)
    quality = templates.get_template("quality.html").render(
        **common,
        datasets=datasets,
        run_headers=_RUN_HEADERS,
        result_headers=_RESULT_HEADERS,
        history={dataset.name: [_run_cells(run) for run in dataset.validations] for dataset in datasets},
        trends={name: drawn.trend for name, drawn in pictures.items()},
        results={dataset.name: _result_cells(dataset) for dataset in datasets},
    )
    pages["quality"] = add("quality.html", quality, hashed=hash_pages)
    index = templates.get_template("index.html").render(
        **common,
        pages=pages,
        datasets=datasets,
        attention=[f"{dataset.report.title}: {line}" for dataset in datasets for line in dataset.attention],
        sparklines={name: drawn.sparkline for name, drawn in pictures.items()},
    )
    return Site(index, contents)


def _asset(name: str) -> str:
    return files(_TEMPLATES).joinpath(name).read_text(encoding="utf-8")


def _chart_script(answers: Sequence[Sequence[Picture]], width: str) -> str:
    """Return a script that declares the specifications of all charts of a page, for wide or for narrow pages."""
    specs = {picture.id: getattr(picture, f"{width}_spec") for pictures in answers for picture in pictures}
    charts = json.dumps({"config": CONFIG, "specs": specs}, ensure_ascii=False, separators=(",", ":"))
    return f"(window.charts ??= {{}}).{width} = {charts};\n"


def _section(
    dataset: DatasetFacts, answer_rows: AnswerRows, pictures: Sequence[Picture], add: Callable[[str, str], str]
) -> dict[str, Any]:
    answer, rows, columns = answer_rows.answer, answer_rows.rows, answer_rows.columns
    csv_name = f"{dataset.name}_{answer.name}.csv"
    names = answer_rows.schema.fieldNames()
    count = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}."
    if len(rows) > MAX_TABLE_ROWS:
        count = (
            f"The first {MAX_TABLE_ROWS} of {len(rows):,} rows. Sorting applies only to these rows. The csv file has "
            "all rows and columns."
        )
    return {
        "name": answer.name,
        "heading": dataset.report.sections.get(answer.name, ""),
        "question": answer.question,
        "sentence": answer_rows.sentence.replace(" %", "\N{NO-BREAK SPACE}%"),
        "pictures": pictures,
        "headers": columns,
        "rows": [[column.text(row[column.name]) for column in columns] for row in rows[:MAX_TABLE_ROWS]],
        "count": count,
        "note": answer.note,
        "csv": add(f"data/{csv_name}", to_csv(rows, names)),
        "csv_name": csv_name,
    }


def _run_cells(run: Validation) -> list[str]:
    return [run.started, f"{run.rows_in:,}", f"{run.rows_out:,}", f"{run.quarantined:,}", run.verdict]


def _result_cells(dataset: DatasetFacts) -> list[list[str]]:
    """Return the cells of the last validation results, without any value of the data."""
    if not dataset.validations:
        return []
    cells = []
    for entry in dataset.validations[0].results:
        config, text = entry["expectation_config"], result_text(entry, with_values=False)
        description = config.get("description") or describe_expectation(config["type"], config["kwargs"])
        cells.append(["yes" if entry["success"] else "no", description, config["severity"], text])
    return cells
