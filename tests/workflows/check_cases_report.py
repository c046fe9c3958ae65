"""Mistakes in a report, and the messages of `citylake check`."""

from __future__ import annotations

REPORT: list[tuple[str, str, str | None, str]] = [
    (
        "report",
        "REPORT = Report",
        "REPROT = Report",
        "REPORT: expected a value of the type Report, found no such value. Rename REPROT to REPORT.",
    ),
    (
        "report",
        "",
        "x = 1",
        "REPORT: expected a value of the type Report, found no such value. Add REPORT = Report(...) to the file.",
    ),
    (
        "report",
        "",
        "import nowhere",
        "REPORT: the file cannot be imported. ModuleNotFoundError (visits.py, line 1): No module named 'nowhere'.",
    ),
    (
        "report",
        'name="yearly"',
        'name="yerly"',
        "answer 'yerly': answer 'yerly' does not exist. Expected one of: yearly. Did you mean "
        "'yearly'?\nanswer 'yearly': the dataset has this answer, but the report does not. Add "
        "Answer(name='yearly', ...) to the report.",
    ),
    (
        "report",
        "each year?",
        "each year.",
        "answer 'yearly': the question is 'How many visits are there each year.'. A question ends with a "
        "question mark. Add it.",
    ),
    (
        "report",
        'sections={"yearly"',
        'sections={"yearlyy"',
        "sections: answer 'yearlyy' does not exist. Expected one of: yearly. Did you mean 'yearly'?",
    ),
    (
        "report",
        'sparkline="yearly"',
        'sparkline="monthly"',
        "sparkline: answer 'monthly' does not exist. Expected one of: yearly. Correct the name.",
    ),
    (
        "report",
        '            charts=(chart("columns", "year", "visits", "Visits", where="year > 2000"),),\n',
        "",
        "sparkline: the answer 'yearly' has no chart, but the small line is its first chart. Add a chart.",
    ),
    (
        "report",
        'chart("columns", "year"',
        'chart("column", "year"',
        "answer 'yearly', chart 1: kind 'column' does not exist. Expected one of: line, columns, bars, dots, change, "
        "stack, heatmap, map. Did you mean 'columns'?",
    ),
    (
        "report",
        'chart("columns", "year"',
        'chart("map", "year"',
        "answer 'yearly', chart 1: a map needs coordinates. Name the columns, such as "
        "coordinates=('latitude', 'longitude').",
    ),
    (
        "dataset",
        '("visits", "sum")',
        '("branch", "max")',
        "reports/visits.py: answer 'yearly', chart 1: column 'visits' has the type string, expected a number. "
        "Name a column of numbers.",
    ),
    (
        "report",
        'Column(header="Visitors")',
        '"Visitors"',
        "column 'visits': found 'Visitors', expected a declaration such as Column(header='Name'). Correct the value.",
    ),
    (
        "report",
        'columns={"visits"',
        'columns={"vists"',
        "column 'vists' of the report: column 'vists' does not exist. Expected one of: year, visits. Did you "
        "mean 'visits'?",
    ),
    (
        "report",
        'columns=("year", "visits")',
        'columns=("year", "vists")',
        "answer 'yearly', columns: column 'vists' does not exist. Expected one of: year, visits. Did you mean "
        "'visits'?",
    ),
    (
        "report",
        'order=("-year",)',
        'order=("-yaer",)',
        "answer 'yearly', sort key '-yaer': column 'yaer' does not exist. Expected one of: year, visits. Did "
        "you mean 'year'?",
    ),
    (
        "report",
        'order=("-year",)',
        'order=("-year +",)',
        "answer 'yearly', sort key '-year +': Spark cannot read the expression 'year +'. Spark: Syntax error "
        "at or near end of input.(line 1, pos 6).",
    ),
    (
        "report",
        '"year", "visits", "Visits"',
        '"yaer", "visits", "Visits"',
        "answer 'yearly', category of chart 1: column 'yaer' does not exist. Expected one of: year, visits. "
        "Did you mean 'year'?",
    ),
    (
        "report",
        'where="year > 2000"',
        'where="yaer > 2000"',
        "answer 'yearly', where of chart 1: column 'yaer' does not exist. Expected one of: year, visits. Did "
        "you mean 'year'?",
    ),
    (
        "report",
        'where="year > 2000"',
        'complete="year"',
        "answer 'yearly', complete of chart 1: the condition 'year' has the type int, expected boolean. "
        "Correct the condition.",
    ),
    (
        "report",
        'where="year > 2000"',
        'where="year >"',
        "answer 'yearly', where of chart 1: Spark cannot read the expression 'year >'. Spark: Syntax error at "
        "or near end of input.(line 1, pos 6).",
    ),
    (
        "report",
        "REPORT = Report(\n",
        "REPORT = Report(\n    answer=1,\n",
        "REPORT: the file cannot be imported. TypeError (visits.py, line 6): Report.__init__() got an "
        "unexpected keyword argument 'answer'.",
    ),
    (
        "report",
        '            name="yearly",\n',
        '            name="yearly",\n            exported_as={"vists": "n"},\n',
        "answer 'yearly', exported_as: column 'vists' does not exist. Expected one of: year, visits. Did you "
        "mean 'visits'?",
    ),
    (
        "report",
        "",
        "REPORT = 1",
        "REPORT: expected a value of the type Report, found a value of the type int. Add REPORT = Report(...) "
        "to the file.",
    ),
    (
        "report",
        "REPORT",
        None,
        "REPORT: the file does not exist. Write it, and define REPORT.",
    ),
]
"""The changed file, a text, its replacement, and the messages without the path of this file."""
