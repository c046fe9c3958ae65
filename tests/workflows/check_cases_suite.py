"""Mistakes in a suite and a workflow, and the messages of `citylake check`."""

from __future__ import annotations

SUITE_AND_WORKFLOW: list[tuple[str, str, str | None, str]] = [
    (
        "suite",
        '"expectations": [',
        '"expectations": [,',
        "suite: the text is not valid JSON: Expecting value: line 4 column 20 (char 42). Correct the text.",
    ),
    (
        "suite",
        '"min_value": 0}',
        '"min_value": 0, "mostly": 95}',
        "expectation 'visits_not_negative': 'mostly' is 95, expected a number from 0 to 1, such as 0.95 for 95 %.",
    ),
    (
        "suite",
        '"min_value": 0}',
        '"min_value": 9, "max_value": 3}',
        "expectation 'visits_not_negative': min_value 9 is greater than max_value 3, so no value can pass. Correct a "
        "bound.",
    ),
    (
        "suite",
        '"column": "visits"',
        '"column": "vists"',
        "expectation 'visits_not_negative': column 'vists' does not exist. Expected one of: day, branch, "
        "visits, card, year. Did you mean 'visits'?",
    ),
    (
        "suite",
        '"column": "visits", "min_value": 0',
        '"column": "vists", "min_value": {"$PARAMETER": "low"}',
        "expectation 'visits_not_negative': column 'vists' does not exist. Expected one of: day, branch, "
        "visits, card, year. Did you mean 'visits'?",
    ),
    (
        "suite",
        "values_to_be_between",
        "value_to_be_between",
        "expectation 'visits_not_negative': 'expect_column_value_to_be_between' is not an expectation type of "
        "Great Expectations' core. Similar types: ['expect_column_values_to_be_between', "
        "'expect_column_sum_to_be_between', 'expect_column_max_to_be_between'].",
    ),
    (
        "suite",
        '"visits_not_negative"',
        '"some_rows"',
        "expectation 'some_rows': this id belongs to a standard expectation, "
        "expect_table_row_count_to_be_between on {}. Found: expect_column_values_to_be_between on {'column': "
        "'visits'}. Give the expectation another id, or correct its type and columns.",
    ),
    (
        "suite",
        '"min_value": 0',
        '"minimum": 0',
        "expectation 'visits_not_negative': the arguments {'column': 'visits', 'minimum': 0} do not fit "
        "expect_column_values_to_be_between: expect_column_values_to_be_between() got an unexpected keyword "
        "argument 'minimum'. Correct the 'kwargs'.",
    ),
    (
        "suite",
        "    }\n  ]",
        (
            '    },\n    {"type": "expect_column_to_exist", "kwargs": {"column": "day"}, "id": '
            '"visits_not_negative"}\n  ]'
        ),
        "suite: several expectations have the same id: ['visits_not_negative']. Give each expectation its own 'id'.",
    ),
    (
        "workflow",
        '"refine"',
        '"refien"',
        "job 'visits_refien': stage 'refien' does not exist. Expected one of: ingest, refine, curate, resolve, "
        "crawl, clear, create, check_quality, publish. Did you mean 'refine'?",
    ),
    (
        "workflow",
        "WORKFLOW =",
        "FLOW =",
        "WORKFLOW: WORKFLOW is missing from workflows/visits.py. Define it in this module. "
        "docs/how-to/add-a-dataset.md lists the modules of a dataset.",
    ),
    (
        "workflow",
        "linear_workflow(DATASET",
        'linear_workflow(__import__("dataclasses").replace(DATASET, name="visit")',
        "name: the name of the workflow is 'visit', expected 'visits'. Correct the name.",
    ),
    (
        "suite",
        '"name": "visits",',
        '"name": "visit",',
        "name: the name of the suite is 'visit', expected 'visits'. Correct the name.",
    ),
    (
        "suite",
        '"expectations": [',
        '"expectation": [',
        "suite: the JSON has no list 'expectations'. Expected the form of Great Expectations: {\"name\": "
        '"NAME", "expectations": [{"type": "TYPE", "kwargs": {…}}]}. ExpectationSuite.to_json_dict() '
        "returns this form.",
    ),
    (
        "suite",
        '"min_value": 0',
        '"min_value": "a"',
        "expectation 'visits_not_negative': column 'visits' is int and cannot be compared with ['a']. Write "
        "values of the column's type.",
    ),
    (
        "suite",
        '"min_value": 0}',
        '"min_value": 0, "row_condition": "vists > 0", "condition_parser": "spark"}',
        "expectation 'visits_not_negative': row_condition 'vists > 0' is not valid in Spark SQL: "
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column or function parameter with name `vists` cannot be "
        "resolved. Did you mean one of the following? [`visits`, `day`, `card`, `year`, `branch`].; line 1 pos "
        "0; The condition_parser is 'spark'. Write Spark SQL, such as n > 3, and set condition_parser to "
        "'spark'. Or write Great Expectations' own language, such as col(\"n\") > 3, and set condition_parser "
        "to 'great_expectations'.",
    ),
]
"""The changed file, a text, its replacement, and the messages without the path of this file."""
