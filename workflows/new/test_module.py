"""Write `tests/transforms/datasets/test_<name>.py` of a new dataset."""

from __future__ import annotations

import re

from ingest.profile_columns import ColumnProfile
from workflows.new.code import LINE_LENGTH, Code, docstring, expression, text_literal, tuple_of
from workflows.new.dataset_module import build_function
from workflows.new.made_up import cell, typed, value
from workflows.new.plan import MONTH, ROWS, NewAnswer, NewDataset
from workflows.new.words import singular_of, words_of

_OF_SECOND_GROUP = 3  # the number of the row in the second group of an answer

_HELPERS = '''\
ARRIVED = datetime(2024, 12, 31, tzinfo=timezone.utc)


def candidates(spark, *rows):
    """Return the candidates for trusted. `rows` map the names of the fields to cells of a file."""
    arrival = (None, None, DATASET.name, True, ARRIVED, ARRIVED, "made_up.csv")
    cells = [[row[field.name] for field in DATASET.fields] for row in rows]
    raw = [(*row, *arrival, number) for number, row in enumerate(cells, start=1)]
    return build_candidates(spark.createDataFrame(raw, raw_schema(DATASET)), dataset=DATASET)


def reasons(rows):
    """Return the failed expectations of each row that goes to quarantine."""
    gate = compile_gate(rows, suite=suite_of(DATASET))
    return {row._row_number: row._failed_expectations for row in gate.rows_for_quarantine(gate.rows).collect()}'''

_TYPES_TEST = """\
def test_each_cell_gets_the_type_of_its_column(spark):
    types = ", ".join(f"{name} {type_}" for name, (type_, _) in TRUSTED.items())
    expected = spark.createDataFrame([tuple(value for _, value in TRUSTED.values())], types)
    rows = candidates(spark, FIRST)
    assert [name for name in rows.columns if not name.startswith("_")] == expected.columns
    assert_df_equality(rows.select(*expected.columns), expected, ignore_nullable=True)"""


def test_module(dataset: NewDataset) -> str:
    """Return the code of the module."""
    cells = {column.name: text_literal(cell(column, dataset, number=1)) for column in dataset.columns}
    first = _dictionary(cells)
    second = _dictionary(_key_cells(dataset, number=2))
    constants = [
        "# Made-up cells of a file, by the name of the field.",
        expression(first, before="FIRST = "),
        expression(second, before="SECOND = FIRST | "),
        "# The types and values of the first row in trusted.",
        expression(_dictionary(_trusted(dataset)), before="TRUSTED = "),
    ]
    tests = [
        _TYPES_TEST,
        _quarantine_test(dataset),
        *(_answer_test(dataset, answer) for answer in dataset.answers),
    ]
    body = "\n".join(constants) + "\n" + "\n\n\n".join([_HELPERS, *tests]) + "\n"
    return _head(dataset, body) + "\n\n" + body


def _head(dataset: NewDataset, body: str) -> str:
    def used(*names: str) -> list[str]:
        return [name for name in names if re.search(rf"\b{name}\b", body)]

    lines = [docstring(f"Test the dataset {dataset.name} with made-up rows."), ""]
    lines.append(f"from datetime import {', '.join(sorted(used('date', 'datetime', 'timezone')))}")
    lines += ["from decimal import Decimal"] if "Decimal(" in body else []
    lines += ["from zoneinfo import ZoneInfo"] if "ZoneInfo(" in body else []
    lines += ["", "from chispa import assert_df_equality", "", "from expectations.gate import compile_gate"]
    lines += ["from expectations.standard import suite_of"]
    lines += ["from tests.transforms.datasets.frames import raw_schema"]
    lines += ["from transforms.candidates import build_candidates"]
    names = ["DATASET", *(["ZONE"] if "ZoneInfo(" in body else [])]
    names += sorted(build_function(answer) for answer in dataset.answers)
    module = f"from transforms.datasets.{dataset.name} import"
    line = f"{module} {', '.join(names)}"
    lines.append(line if len(line) <= LINE_LENGTH else expression((f"{module} (", names, ")")))
    lines += ["from transforms.masking import REDACTED"] if "REDACTED" in body else []
    return "\n".join(lines)


def _dictionary(entries: dict[str, str]) -> Code:
    return ("{", [f"{text_literal(name)}: {code}" for name, code in entries.items()], "}")


def _trusted(dataset: NewDataset) -> dict[str, str]:
    types = {}
    for column in dataset.columns:
        if not (column.personal and column.personal.action == "drop"):
            type_, code = value(column, dataset, number=1)
            types[column.name] = f'("{type_}", {code})'
    return types


def _key_columns(dataset: NewDataset) -> list[ColumnProfile]:
    return [dataset.profile.column(name) for name in dataset.profile.key.columns]


def _key_cells(dataset: NewDataset, *, number: int) -> dict[str, str]:
    return {column.name: text_literal(cell(column, dataset, number=number)) for column in _key_columns(dataset)}


def _quarantine_test(dataset: NewDataset) -> str:
    rows: list[Code] = ["FIRST", "FIRST", "SECOND"]
    reasons = {} if dataset.is_key_of_file else {1: ["one_row_per_key"], 2: ["one_row_per_key"]}
    needed = [*dataset.profile.key.columns]
    needed += [dataset.event_time.name] if dataset.event_time else []
    if needed:
        column = dataset.profile.column(needed[0])
        rows.append(f"SECOND | {{{text_literal(column.name)}: None}}")
        reasons[len(rows)] = [f"{column.name}_present"]
    unreadable = [column for column in dataset.columns if column.values.kind != "string" and not column.misfits.count]
    if unreadable:
        column = unreadable[-1]
        changed = _key_cells(dataset, number=3) | {column.name: '"not valid"'}
        code = _dictionary(changed)
        rows.append((f"FIRST | {code[0]}", code[1], code[2]))
        reasons[len(rows)] = ["every_cell_readable", *([f"{column.name}_present"] if column.name in needed else [])]
    entries: list[Code] = [f"{number}: [{', '.join(map(text_literal, ids))}]" for number, ids in reasons.items()]
    return "\n".join(
        [
            "def test_rows_without_a_valid_key_or_cell_go_to_quarantine(spark):",
            expression(("candidates(", ["spark", *rows], ")"), indent=4, before="rows = "),
            expression(("{", entries, "}"), indent=4, before="assert reasons(rows) == "),
        ]
    )


def _answer_test(dataset: NewDataset, answer: NewAnswer) -> str:
    columns = {column.name: column for column in (answer.group, answer.measure) if column}
    counted = dataset.key[0]
    if counted not in columns and not dataset.is_key_of_file:
        columns[counted] = dataset.profile.column(counted)
    rows: list[Code] = [_answer_row(dataset, answer, columns, number=number) for number in (1, 2, 3)]
    types = [f"{name} {column.type}" for name, column in columns.items()]
    if dataset.is_key_of_file:
        types.append(f"{counted} string")
    groups = _group_values(dataset, answer)
    total = _sum_code(answer.measure, is_grouped=answer.group is not None) if answer.measure else ()
    if answer.group:
        results: list[Code] = [("(", [groups[0], "2", *total], ")"), ("(", [groups[1], "1", *_nothing(answer)], ")")]
    else:
        results = [tuple_of(["3", *total])]
    measure_type = {"int": "bigint", "decimal(18,2)": "decimal(28,2)"}
    result_types = [f"{ROWS} bigint"]
    if answer.group:
        result_types.insert(0, f"{answer.group_name} {'date' if answer.is_monthly else answer.group.type}")
    if answer.measure:
        result_types.append(f"{answer.measure.name} {measure_type.get(answer.measure.type, answer.measure.type)}")
    name = f"sum of {words_of(answer.measure.name)}" if answer.measure else "rows are counted"
    each = f" for each {MONTH if answer.is_monthly else singular_of(answer.group_name)}" if answer.group else ""
    return "\n".join(
        [
            f"def test_{(name + each).replace(' ', '_')}(spark):",
            _frame_code("rows", rows, types),
            _frame_code("expected", results, result_types),
            f"    answer = {build_function(answer)}(rows)",
            "    assert_df_equality(answer, expected, ignore_row_order=True, ignore_nullable=True)",
        ]
    )


def _frame_code(name: str, rows: list[Code], types: list[str]) -> str:
    arguments: list[Code] = [("[", rows, "]"), text_literal(", ".join(types))]
    return expression(("spark.createDataFrame(", arguments, ")"), indent=4, before=f"{name} = ")


def _answer_row(dataset: NewDataset, answer: NewAnswer, columns: dict[str, ColumnProfile], *, number: int) -> Code:
    """Return a row. The first two rows are in the first group, and the third row is in the second group."""
    cells: list[Code] = []
    for column in columns.values():
        if column is answer.measure:
            is_null = answer.group is not None and number == _OF_SECOND_GROUP
            cells.append("None" if is_null else typed(column, dataset, number=number))
        elif column is answer.group:
            cells.append(_group_cell(dataset, answer, number=number))
        else:
            cells.append(typed(column, dataset, number=number))
    if dataset.is_key_of_file:
        cells.append(f'"{number}"')
    return tuple_of(cells)


def _group_cell(dataset: NewDataset, answer: NewAnswer, *, number: int) -> str:
    if answer.group is None:
        return ""
    group = 1 if number < _OF_SECOND_GROUP else 2
    if answer.group.values.kind == "month":
        return "date(2024, 5, 1)" if group == 1 else "date(2024, 6, 1)"
    if answer.is_monthly:
        return typed(answer.group, dataset, number=number, month=4 + group)
    return typed(answer.group, dataset, number=group)


def _group_values(dataset: NewDataset, answer: NewAnswer) -> tuple[str, str]:
    if answer.is_monthly:
        return "date(2024, 5, 1)", "date(2024, 6, 1)"
    if answer.group is None:
        return "", ""
    return typed(answer.group, dataset, number=1), typed(answer.group, dataset, number=2)


def _sum_code(measure: ColumnProfile, *, is_grouped: bool) -> tuple[str, ...]:
    """Return the sum of the first two cells, or of three cells, as code."""
    whole = 3 if is_grouped else 6
    fraction = 4.0 if is_grouped else 7.5
    codes = {"double": str(fraction), "decimal(18,2)": f'Decimal("{fraction:.2f}")'}
    return (codes.get(measure.type, str(whole)),)


def _nothing(answer: NewAnswer) -> tuple[str, ...]:
    return ("None",) if answer.measure else ()
