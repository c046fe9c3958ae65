"""Check the definition of a dataset and its workflow. These checks do not start Java."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from jobs.stages import DATASET_STAGES
from transforms import masking
from transforms.dataset import Dataset
from transforms.schema import Field
from workflows.checks.declaration import Declaration
from workflows.checks.problems import Problem, unknown_name

_TYPES = (
    *("string", "int", "integer", "bigint", "long", "smallint", "short", "tinyint", "byte", "double", "float", "real"),
    *("boolean", "date", "timestamp", "timestamp_ntz", "timestamp_ltz", "binary", "decimal", "numeric", "dec"),
)
_ATOMIC = re.compile(r"\s*([A-Za-z_]\w*)\s*(\(\s*\d+\s*(,\s*\d+\s*)?\))?\s*")
_ZONES = ("trusted", "quarantine")
_GLUE_JOBS = ("dataset", "maintain", "report")


def check_definition(declaration: Declaration, dataset: Dataset) -> Iterator[Problem]:
    """Yield the problems of the fields, the masking policy and the answers of a dataset."""
    name = declaration.name
    parts = (_settings_problems, _layout_problems, _field_problems, _masking_problems, _answer_problems)
    if dataset.name != name:
        text = f"the name of the dataset is {dataset.name!r}, expected {name!r}, the file's name. Rename one of them."
        yield Problem(declaration.dataset_file, "name", text)
    for part in parts:
        for subject, text in part(dataset):
            yield Problem(declaration.dataset_file, subject, text)


def check_workflow(declaration: Declaration) -> Iterator[Problem]:
    """Yield the problems of a workflow: the jobs, their stages and their dataset."""
    workflow = declaration.workflow
    if workflow is None or declaration.dataset is None or declaration.dataset.name != declaration.name:
        return
    if workflow.name != declaration.name:
        text = f"the name of the workflow is {workflow.name!r}, expected {declaration.name!r}. Correct the name."
        yield Problem(declaration.workflow_file, "name", text)
        return
    for job in workflow.jobs:
        subject = f"job {job.name!r}"
        if job.module not in _GLUE_JOBS:
            yield Problem(declaration.workflow_file, subject, unknown_name("module", job.module, _GLUE_JOBS))
            continue
        stage = job.arguments.get("--stage")
        if job.module == "dataset" and stage is not None and stage not in DATASET_STAGES:
            yield Problem(declaration.workflow_file, subject, unknown_name("stage", stage, DATASET_STAGES))
        if (name := job.arguments.get("--dataset")) != declaration.name:
            text = f"the argument --dataset is {name!r}, expected {declaration.name!r}. Correct the argument."
            yield Problem(declaration.workflow_file, subject, text)


def _settings_problems(dataset: Dataset) -> Iterator[tuple[str, str]]:
    if not dataset.key:
        yield "key", "the key is empty. Name the columns that identify a row, such as key=('date',)."
    if dataset.is_incremental and not dataset.event_time:
        text = "an incremental dataset needs the time of each row. Set event_time to a timestamp column."
        yield "event_time", text
    if not 0 <= dataset.mostly <= 1:
        yield "mostly", f"found {dataset.mostly!r}, expected a fraction from 0 to 1, such as 0.95 for 95 %."


def _layout_problems(dataset: Dataset) -> Iterator[tuple[str, str]]:
    if not dataset.layouts:
        yield "layouts", "the dataset has no layout. Add a layout with one field for each column of a file."
    first: dict[frozenset[str], str] = {}
    for layout, names in dataset.source_columns.items():
        other = first.setdefault(frozenset(name.casefold() for name in names), layout)
        if other != layout:
            text = f"the layout has the same columns as {other!r}, so ingest cannot choose one. Remove one of the two."
            yield f"layout {layout!r}", text


def _field_problems(dataset: Dataset) -> Iterator[tuple[str, str]]:
    for layout, fields in dataset.layouts.items():
        yield from _problems_of_fields(layout, fields)


def _problems_of_fields(layout: str, fields: Sequence[Field]) -> Iterator[tuple[str, str]]:
    if not fields:
        yield f"layout {layout!r}", "the layout has no fields. Add one Field for each column of the file."
    for field in fields:
        subject = f"layout {layout!r}, field {field.name!r}"
        match = _ATOMIC.fullmatch(field.type)
        if match and match[1].lower() not in _TYPES:
            yield subject, unknown_name("type", field.type, _TYPES)
        if field.name.startswith("_"):
            yield subject, "names that start with an underscore belong to CityLake. Give the column another name."
    for name, count in Counter(field.name.casefold() for field in fields).items():
        if count > 1:
            text = f"{count} fields have this name. Names that differ only in capitals are equal. Rename one of them."
            yield f"layout {layout!r}, field {name!r}", text
    spellings: dict[str, str] = {}
    for field in fields:
        first = spellings.setdefault(field.source.casefold(), field.source)
        if first != field.source:
            text = f"the sources {first!r} and {field.source!r} differ only in capitals. Use the spelling of the file."
            yield f"layout {layout!r}, field {field.name!r}", text


def _masking_problems(dataset: Dataset) -> Iterator[tuple[str, str]]:
    policy = dataset.masking_policy
    for rule in policy:
        subject = f"masking rule {rule.column!r}"
        if not rule.reason.strip():
            yield subject, "the reason is empty. Write why the column is masked."
        if rule.action != "drop" and not callable(rule.action):
            found = f"the action is {rule.action!r}, expected 'drop' or a function of transforms.masking"
            yield subject, f"{found}. Correct the action."
    for name, count in Counter(rule.column for rule in policy).items():
        if count > 1:
            yield f"masking rule {name!r}", f"{count} rules mask this column. Keep one of them."
    if visible := sorted({rule.column for rule in policy} & {*dataset.visible_failure_columns}):
        text = f"the masked columns {visible} would be shown in quarantine. Remove them from this list."
        yield "visible_failure_columns", text
    hashed = [rule.column for rule in policy if _function(rule.action) is masking.keyed_hash]
    if hashed and not dataset.uses_masking_key:
        text = f"the rules of the columns {hashed} need a masking key, but found False. Set uses_masking_key=True."
        yield "uses_masking_key", text
    is_known = all(rule.action == "drop" or _is_built_in(rule.action) for rule in policy)
    if dataset.uses_masking_key and not hashed and is_known:
        yield "uses_masking_key", "no rule of the masking policy uses keyed_hash, but found True. Remove the argument."


def _function(action: Any) -> object:
    return getattr(action, "func", action)


def _is_built_in(action: Any) -> bool:
    return getattr(_function(action), "__module__", "") == masking.__name__


def _answer_problems(dataset: Dataset) -> Iterator[tuple[str, str]]:
    if not dataset.answers:
        yield "answers", "the dataset has no answer. Add an answer, such as answers={'totals': Answer(build_totals)}."
    for name, answer in dataset.answers.items():
        if not answer.reads:
            yield f"answer {name!r}", "`reads` is empty. Name the zones that the answer reads: trusted, quarantine."
        for zone in answer.reads:
            if zone not in _ZONES:
                yield f"answer {name!r}", unknown_name("zone", zone, _ZONES)
