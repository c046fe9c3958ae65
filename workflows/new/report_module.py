"""Write `reports/<name>.py` of a new dataset."""

from __future__ import annotations

from workflows.new.code import Code, docstring, expression, names_tuple, text_literal
from workflows.new.plan import ROWS, NewAnswer, NewDataset
from workflows.new.words import figure_of, is_count, most_of, words_of


def report_module(dataset: NewDataset) -> str:
    """Return the code of the module."""
    head = [
        docstring(f"The report about {words_of(dataset.name)}."),
        "",
        "from __future__ import annotations",
        "",
        "from reports.answer import Answer, Report, Rows, Source",
    ]
    if any(answer.group for answer in dataset.answers):
        head.append("from reports.charts import chart")
    words = {"month_and_year" if answer.is_monthly else "name_of" for answer in dataset.answers if answer.group}
    if words:
        head.append(f"from reports.words import {', '.join(sorted(words))}")
    sentences = [_sentence(answer) for answer in dataset.answers]
    return "\n".join(head) + "\n\n\n" + "\n\n\n".join([*sentences, _report(dataset)]) + "\n"


def label_of(column: str) -> str:
    """Return the title of an axis."""
    return words_of(column).capitalize()


def _sentence(answer: NewAnswer) -> str:
    lines = [f"def _{answer.name}(rows: Rows) -> str:"]
    end = f"has {most_of(answer.measure)}: {{{_value('most', answer)}}}."
    if answer.is_monthly:
        lines.append(f'    most = max(rows, key=lambda row: row["{answer.value}"] or 0)')
        lines.append(f"    return f\"{{month_and_year(most['month'])}} {end}\"")
    elif answer.group:
        lines.append("    most = rows[0]")
        lines.append(f"    return f\"{{name_of(most['{answer.group_name}'])}} {end}\"")
    else:
        lines.append("    (total,) = rows")
        value, figure = f"{{{_value('total', answer)}}}", figure_of(answer.measure)
        text = f"The total is {value} {figure}" if is_count(answer.measure) else f"The {figure} is {value}"
        text += "" if answer.value == ROWS else f" in {{total['{ROWS}']:,}} rows"
        lines.append(f'    return f"{text}."')
    return "\n".join(lines)


def _value(row: str, answer: NewAnswer) -> str:
    is_whole = answer.measure is None or answer.measure.type in ("int", "bigint")
    return f"{row}['{answer.value}']{'' if answer.value == ROWS else ' or 0'}:{',' if is_whole else ',.2f'}"


def _report(dataset: NewDataset) -> str:
    lines = ["REPORT = Report(", f"    title={text_literal(dataset.title)},"]
    lines.append('    sources=(Source("The name of the publisher and of the data"),),')
    lines.append("    answers=(")
    lines += [_answer(answer) for answer in dataset.answers]
    return "\n".join([*lines, "    ),", ")"])


def _answer(answer: NewAnswer) -> str:
    lines = ["        Answer("]
    lines.append(f'            name="{answer.name}",')
    lines.append(f"            question={text_literal(answer.question)},")
    lines.append(f"            sentence=_{answer.name},")
    lines.append(expression(names_tuple(answer.columns), indent=12, before="columns=", after=","))
    if answer.group:
        kind = "line" if answer.is_monthly else "bars"
        parts: list[Code] = [f'"{part}"' for part in (kind, answer.group_name, answer.value, label_of(answer.value))]
        lines.append(expression(("(", [("chart(", parts, ")")], ",)"), indent=12, before="charts=", after=","))
    if answer.group and not answer.is_monthly:
        lines.append(f'            order=("-{answer.value}", "{answer.group_name}"),')
    return "\n".join([*lines, "        ),"])
