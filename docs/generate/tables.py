"""Build the reference pages of tables and columns. To get the schemas, run the build functions on empty frames."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from docs.generate.markdown import NOTE, code, paragraph, table
from expectations.gate import compile_gate, is_mark
from expectations.standard import suite_of
from jobs.blocked import BLOCKED_BY, not_parked
from lake.ledger import SCHEMA, StageResult, StageRun
from transforms.candidates import build_candidates
from transforms.dataset import Dataset, unchanged
from transforms.datasets import dataset_names, load_dataset
from workflows.checks.analysis import empty_raw

REPORT = "array<struct<column:string,value:string,expected:string>>"
BOOKKEEPING: Mapping[str, tuple[str, str, str]] = {
    "_source_file": ("raw, trusted, quarantine", "string", "Path of the file below landing."),
    "_row_number": (
        "raw, trusted, quarantine",
        "int",
        "In a workbook, the row number that Excel shows. In other files, the number of the record. The header of a "
        "text file is record 1.",
    ),
    "_modified_at": ("raw, trusted, quarantine", "timestamp", "Modification time of the file, UTC."),
    "_ingested_at": ("raw, trusted, quarantine", "timestamp", "Time at which the row was written to raw, UTC."),
    "_checksum": ("raw", "string", "Checksum of the file: on S3 the ETag, otherwise the SHA-256 hash."),
    "_layout": ("raw", "string", "Name of the row's layout. A layout is a kind of landed file."),
    "_other_fields": ("raw", "string", "Fields of JSON objects that are not in any layout, as JSON text."),
    "_malformed_record": (
        "raw",
        "string",
        "The whole record, if the record does not fit the header or is not a JSON object.",
    ),
    "_date_system": (
        "raw",
        "int",
        "Date system of the workbook, 1900 or 1904. Null for other files. `parse_date` reads serial numbers with it.",
    ),
    "_is_current": (
        "trusted, quarantine",
        "boolean",
        "Whether the row comes from the latest version of its file. False for a withdrawn row that replaces a "
        "broken row of the same key. Raw does not store this column. The column is computed when raw is read.",
    ),
    "_cast_failures": (
        "trusted, quarantine",
        REPORT,
        "Required cells that could not be read. Null if there are no such cells.",
    ),
    "_cast_warnings": (
        "trusted, quarantine",
        REPORT,
        "Optional cells that could not be read. Null if there are no such cells.",
    ),
    "_warnings": (
        "trusted, quarantine",
        "array<string>",
        "Ids of the expectations of severity `warning` and `info` that the row fails. Null if there are no such ids.",
    ),
    "_failed_expectations": (
        "quarantine",
        "array<string>",
        "Ids of the critical expectations that the row fails. Empty for a valid row of a blocked increment.",
    ),
    BLOCKED_BY: (
        "quarantine",
        "array<string>",
        "Ids of the expectations that blocked the increment of the row. Null for a row that is not parked.",
    ),
    "_quarantined": (
        "trusted",
        "boolean",
        "Whether the row fails a critical expectation. Always false in published rows.",
    ),
    "_mask_0": (
        "trusted",
        "bigint",
        "Bit mask of the failed expectations and the missing values. The column has 62 bits. The column "
        "`_mask_1` has the next 62 bits, and so on.",
    ),
}
"""The zones, the type and the meaning of each column that CityLake adds. The keys are column names."""

BOOKKEEPING_PAGE = "bookkeeping-columns.md"
_DATASET_PAGES = Path(__file__).parents[1] / "reference" / "datasets"


def pages(spark: SparkSession) -> dict[str, str]:
    """Return a dictionary that maps the path of each page to the text of the page."""
    datasets = {f"reference/tables/{name}.md": dataset_page(spark, load_dataset(name)) for name in dataset_names()}
    return {f"reference/{BOOKKEEPING_PAGE}": bookkeeping_page(), **datasets}


def bookkeeping_page() -> str:
    """Return the page on the columns that CityLake adds, and on the run ledger."""
    rows = [(code(name), zones, code(type_), meaning) for name, (zones, type_, meaning) in BOOKKEEPING.items()]
    meanings = {"note": "The notes of the stage, as one text.", **_attributes(StageResult), **_attributes(StageRun)}
    ledger = [(code(field.name), code(field.dataType.simpleString()), meanings[field.name]) for field in SCHEMA]
    return (
        f"# Bookkeeping columns and the run ledger\n{NOTE}\nColumns that start with `_` are not part of the source.\n\n"
        f"{table(['column', 'zones', 'type', 'meaning'], rows)}\n"
        f"## lake.ops.runs\n\nThe run ledger has a row for each start and each end of a stage.\n\n"
        f"{table(['column', 'type', 'meaning'], ledger)}"
    )


def dataset_page(spark: SparkSession, dataset: Dataset) -> str:
    """Return the page of a dataset: its tables in raw, trusted, quarantine and curated.

    Raises:
        ValueError: The type of a column in trusted or quarantine differs from the type in `BOOKKEEPING`.
    """
    trusted, quarantine = _build_tables(spark, dataset)
    for frame in (trusted, quarantine):
        _require_described(frame)
    zones = {"trusted": trusted, "quarantine": quarantine}
    answers = [
        _section(
            name,
            f"lake.curated.{dataset.name}_{name}",
            answer.build,
            answer.build(*(zones[zone] for zone in answer.reads)),
        )
        for name, answer in dataset.answers.items()
    ]
    same = f"`lake.quarantine.{dataset.name}` has the same columns.\n"
    return "\n".join(
        [
            f"# Tables of {dataset.name}\n{NOTE}",
            f"The tables also have [bookkeeping columns](../{BOOKKEEPING_PAGE}).{_link(dataset.name)}\n",
            _raw_section(dataset),
            _trusted_section(dataset, trusted),
            same,
            *answers,
        ]
    )


def _link(dataset: str) -> str:
    """Return a sentence with a link to the page about the dataset. Empty if nobody has written this page."""
    if not (_DATASET_PAGES / f"{dataset}.md").exists():
        return ""
    return f" [{dataset}](../datasets/{dataset}.md) describes the key, the revisions and the denominators."


def _build_tables(spark: SparkSession, dataset: Dataset) -> tuple[DataFrame, DataFrame]:
    """Return empty frames with the columns of trusted and of quarantine."""
    raw = empty_raw(spark, dataset)
    key = b"0" * 32 if dataset.uses_masking_key else None
    gate = compile_gate(build_candidates(raw, dataset=dataset, masking_key=key), suite=suite_of(dataset))
    return gate.rows, gate.rows_for_quarantine(gate.rows).withColumn(BLOCKED_BY, not_parked())


def _raw_section(dataset: Dataset) -> str:
    rows = [
        (code(field.source), code(field.name), code(layout), field.expected or "text", "yes" if field.required else "")
        for layout, fields in dataset.layouts.items()
        for field in fields
    ]
    head = ["column of the source", "column after change_schema", "layout", "form", "required"]
    about = "All columns are text. A row goes to quarantine if a required cell is not empty and cannot be read."
    return f"## raw\n\n`lake.raw.{dataset.name}`\n\n{about}\n\n{table(head, rows)}"


def _trusted_section(dataset: Dataset, frame: DataFrame) -> str:
    steps = [step for step in (dataset.build_layout, dataset.build, dataset.complete) if step and step != unchanged]
    about = [_description(build_candidates).partition("\n\nColumns:")[0], *map(_description, steps)]
    if dataset.masking_policy:
        rules = "\n".join(f"- {code(rule.column)} {rule.reason}." for rule in dataset.masking_policy)
        about.append(f"Masked columns, and the reasons:\n\n{rules}")
    return f"## trusted\n\n`lake.trusted.{dataset.name}`\n\n" + "\n\n".join(about) + f"\n\n{_columns(frame)}"


def _section(title: str, name: str, build: object, frame: DataFrame) -> str:
    return f"## {title}\n\n`{name}`\n\n{_description(build)}\n\n{_columns(frame)}"


def _columns(frame: DataFrame) -> str:
    columns = [field for field in frame.schema if field.name not in BOOKKEEPING and not is_mark(field.name)]
    return table(["column", "type"], [(code(field.name), code(field.dataType.simpleString())) for field in columns])


def _description(build: object) -> str:
    paragraphs = (inspect.getdoc(getattr(build, "func", build)) or "").split("\n\n")
    remaining = [text for text in paragraphs if not text.startswith((">>>", "Args:", "Raises:", "Returns:"))]
    return "\n\n".join(text if text.startswith("- ") else paragraph(text) for text in remaining)


def _attributes(value: type) -> dict[str, str]:
    """Return the description of each attribute in the docstring of a class."""
    _, _, text = (inspect.getdoc(value) or "").partition("Attributes:\n")
    matches = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", text, flags=re.MULTILINE)
    return {name: paragraph(meaning) for name, meaning in matches}


def _require_described(frame: DataFrame) -> None:
    for field in frame.schema:
        if field.name in BOOKKEEPING and BOOKKEEPING[field.name][1] != field.dataType.simpleString():
            actual = field.dataType.simpleString()
            raise ValueError(f"the type of {field.name} is {actual}. Correct the type in BOOKKEEPING")
