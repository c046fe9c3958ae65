"""Write `transforms/datasets/<name>.py` of a new dataset."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.profile_columns import ColumnProfile
from workflows.new.code import LINE_LENGTH, Code, comment, docstring, expression, names_tuple, text_literal, tuple_of
from workflows.new.doubts import UNSURE, column_doubts, expected_of, key_doubts
from workflows.new.plan import MONTH, ROWS, NewAnswer, NewDataset
from workflows.new.words import singular_of, words_of

_PARSERS = {"date": "parse_date", "month": "parse_month", "written_date": "parse_written_date"}


def dataset_module(dataset: NewDataset) -> str:
    """Return the code of the module."""
    frame = dataset.frame
    parts = [_head(dataset)]
    if dataset.needs_zone:
        zone = comment(f"{UNSURE} replace UTC with the time zone of the city, such as America/Denver.")
        parts.append(f'{zone}\nZONE = "UTC"')
    parts.append(_fields(dataset))
    if dataset.masked:
        parts.append(_policy(dataset))
    functions = [_answer(dataset, answer, frame=frame) for answer in dataset.answers]
    return "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join([*functions, _definition(dataset)]) + "\n"


def build_function(answer: NewAnswer) -> str:
    """Return the name of the function that builds an answer."""
    return f"build_{answer.name}"


def _head(dataset: NewDataset) -> str:
    rows = f"{dataset.profile.rows:,} {'row' if dataset.profile.rows == 1 else 'rows'}"
    text = (
        f"`citylake new` wrote this module from {rows}. Each comment that starts with `# {UNSURE}` marks a guess. "
        "Check the guess, and then delete the comment."
    )
    code = [docstring(f"{dataset.title}.", text), "", "from __future__ import annotations", ""]
    if standard := [*_standard_imports(dataset)]:
        code += [*standard, ""]
    return "\n".join([*code, *_imports(dataset)])


def _standard_imports(dataset: NewDataset) -> Iterator[str]:
    actions = {column.personal.action for column in dataset.columns if column.personal}
    if any("partial(" in str(_parser(column, dataset)) for column in dataset.columns) or "generalize_prefix" in actions:
        yield "from functools import partial"


def _imports(dataset: NewDataset) -> list[str]:
    monthly = dataset.event_time is not None
    parsers = {name for column in dataset.columns for name in _parser_names(column, dataset)}
    dates = {name for name in parsers if name != "parse_timestamp"}
    times = {"local_time"} if monthly and dataset.event_time and dataset.event_time.type == "timestamp" else set()
    times |= parsers & {"parse_timestamp"}
    actions = {column.personal.action for column in dataset.columns if column.personal} - {"drop"}
    lines = ["from pyspark.sql import DataFrame"]
    lines += ["from pyspark.sql import functions as F"] if monthly else []
    lines += ["", "from transforms.aggregate import aggregate", "from transforms.dataset import Answer, Dataset"]
    modules = {"dates": dates, "masking": {"MaskingRule", *actions} if dataset.masked else set(), "times": times}
    modules |= {"schema": {"Field"}}
    for module, names in sorted(modules.items()):
        if names:
            ordered = sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
            lines.append(_import(f"transforms.{module}", ordered))
    return lines


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= LINE_LENGTH else expression((f"from {module} import (", names, ")"))


def _fields(dataset: NewDataset) -> str:
    lines = []
    for column in dataset.columns:
        lines += [comment(f"{UNSURE} {doubt}.", indent=4) for doubt in column_doubts(column, dataset)]
        lines.append(expression(_field(column, dataset), indent=4, after=","))
    if len(lines) == 1:
        return expression(tuple_of([_field(dataset.columns[0], dataset)]), before="FIELDS = ")
    return "\n".join(["FIELDS = (", *lines, ")"])


def _field(column: ColumnProfile, dataset: NewDataset) -> Code:
    parts: list[Code] = [text_literal(column.source), text_literal(column.name), text_literal(column.type)]
    if parser := _parser(column, dataset):
        parts.append(parser)
    if column.values.kind != "string":
        parts.append(f"expected={text_literal(expected_of(column, dataset))}")
    if column.misfits.count:
        parts.append("required=False")
    return ("Field(", parts, ")")


def _parser(column: ColumnProfile, dataset: NewDataset) -> Code:
    """Return the function that parses a column. Empty if the column is cast."""
    moments, kind = column.moments, column.values.kind
    if kind == "serial":
        return "partial(parse_date, date_system=DATE_SYSTEM)"
    if moments is None:
        return ""
    if conflict := dataset.conflict(column):
        pattern = moments.pattern.removesuffix("XXX") + f"'{conflict.offset}'"
        return f"partial(parse_timestamp, pattern={text_literal(pattern)}, zone=ZONE)"
    if kind == "date_pattern":
        return f"partial(parse_date_pattern, pattern={text_literal(moments.pattern)})"
    if kind == "timestamp_pattern":
        zone = "" if moments.has_offset else ", zone=ZONE"
        return f"partial(parse_timestamp, pattern={text_literal(moments.pattern)}{zone})"
    return _PARSERS.get(kind, "")


def _parser_names(column: ColumnProfile, dataset: NewDataset) -> set[str]:
    code = str(_parser(column, dataset))
    names = {"DATE_SYSTEM", "parse_date_pattern", "parse_timestamp", *_PARSERS.values()}
    found = {name for name in names if name in code.replace("(", " ").replace(",", " ").replace(")", " ").split()}
    return found | ({"DATE_SYSTEM"} if "DATE_SYSTEM" in code else set())


def _policy(dataset: NewDataset) -> str:
    rules: list[Code] = []
    for column in dataset.masked:
        if column.personal:
            action = '"drop"' if column.personal.action == "drop" else column.personal.action
            action = "partial(generalize_prefix, length=3)" if action == "generalize_prefix" else action
            parts = [text_literal(column.name), action, text_literal(column.personal.reason)]
            rules.append(("MaskingRule(", parts, ")"))
    if len(rules) == 1:
        return expression(tuple_of(rules), before="MASKING_POLICY = ")
    return "\n".join(["MASKING_POLICY = (", *(expression(rule, indent=4, after=",") for rule in rules), ")"])


def _answer(dataset: NewDataset, answer: NewAnswer, *, frame: str) -> str:
    counted = dataset.key[0]
    what = f"Sum {words_of(answer.measure.name)}" if answer.measure else "Count the rows"
    groups = f"for each {singular_of(answer.group_name)}" if answer.group else "in one row"
    columns: list[Code] = [f'"{ROWS}": ("{counted}", "count")']
    if answer.measure:
        columns.append(f'"{answer.measure.name}": ("{answer.measure.name}", "sum")')
    lines = [
        f"def {build_function(answer)}({frame}: DataFrame) -> DataFrame:",
        docstring(f"{what} {groups}.", indent=4),
        expression(("{", columns, "}"), indent=4, before="columns = "),
    ]
    if answer.is_monthly and answer.group:
        name = answer.group.name
        day = (
            f'local_time(F.col("{name}"), zone=ZONE).cast("date")' if answer.group.type == "timestamp" else f'"{name}"'
        )
        call: Code = (f"{frame}.withColumn(", [f'"{MONTH}"', f'F.trunc({day}, "month")'], ")")
        lines.append(expression(call, indent=4, before="months = "))
        lines.append(f'    return aggregate(months, group_by=["{MONTH}"], columns=columns)')
    else:
        group = f'["{answer.group_name}"]' if answer.group else "[]"
        call = ("aggregate(", [frame, f"group_by={group}", "columns=columns"], ")")
        lines.append(expression(call, indent=4, before="return "))
    return "\n".join(lines)


def _definition(dataset: NewDataset) -> str:
    name = text_literal(dataset.name)
    groups = " and ".join(f"by {singular_of(answer.group_name)}" for answer in dataset.answers if answer.group)
    description = f"{dataset.title} {groups}".strip()
    answers: list[Code] = [f'"{answer.name}": Answer({build_function(answer)})' for answer in dataset.answers]
    lines = ["DATASET = Dataset(", f"    name={name},", f"    description={text_literal(description)},"]
    lines.append(f"    layouts={{{name}: FIELDS}},")
    lines += [comment(f"{UNSURE} {doubt}.", indent=4) for doubt in key_doubts(dataset)]
    lines.append(expression(names_tuple(dataset.key), indent=4, before="key=", after=","))
    if dataset.event_time:
        lines.append(f'    event_time="{dataset.event_time.name}",')
    if dataset.masked:
        lines.append("    masking_policy=MASKING_POLICY,")
    if dataset.mostly is not None:
        text = f"{UNSURE} many records do not fit the header, so fewer rows than by default must be valid."
        lines += [comment(text, indent=4), f"    mostly={dataset.mostly},"]
    lines.append(expression(("{", answers, "}"), indent=4, before="answers=", after=","))
    return "\n".join([*lines, ")"])
