"""Mistakes in the definition of a dataset, and the messages of `citylake check`."""

from __future__ import annotations

DEFINITION: list[tuple[str, str, str | None, str]] = [
    (
        "dataset",
        'name="visits"',
        'name="visit"',
        "name: the name of the dataset is 'visit', expected 'visits', the file's name. Rename one of them.",
    ),
    (
        "dataset",
        '"day", "date")',
        '"day", "dat")',
        "layout 'visits', field 'day': type 'dat' does not exist. Expected one of: string, int, integer, "
        "bigint, long, smallint, short, tinyint, byte, double, float, real, boolean, date, timestamp, "
        "timestamp_ntz, timestamp_ltz, binary, decimal, numeric, dec. Did you mean 'date'?",
    ),
    (
        "dataset",
        '"branch", "string"',
        '"day", "string"',
        "layout 'visits', field 'day': 2 fields have this name. Names that differ only in capitals are equal. "
        "Rename one of them.",
    ),
    (
        "dataset",
        'Field("Branch"',
        'Field("DAY"',
        "layout 'visits', field 'branch': the sources 'Day' and 'DAY' differ only in capitals. Use the "
        "spelling of the file.",
    ),
    (
        "dataset",
        'Field("Branch", "branch", "string")',
        'Field("Branch", "_branch", "string")',
        "layout 'visits', field '_branch': names that start with an underscore belong to CityLake. Give the "
        "column another name.",
    ),
    (
        "dataset",
        '"day", "date")',
        '"day", "date(")',
        "build: the rows cannot be built. change_schema: column 'day' (source 'Day'): the type is 'date(', expected "
        "a type of Spark SQL or Glue as text, such as int, date or decimal(10,2).",
    ),
    (
        "dataset",
        'key=("day", "branch")',
        "key=()",
        "key: the key is empty. Name the columns that identify a row, such as key=('date',).",
    ),
    (
        "dataset",
        'key=("day", "branch")',
        'key=("dy", "branch")',
        "key: column 'dy' does not exist. Expected one of: day, branch, visits, card, year. Did you mean 'day'?",
    ),
    (
        "dataset",
        'event_time="day"',
        'event_time="dya"',
        "event_time: column 'dya' does not exist. Expected one of: day, branch, visits, card, year. Did you "
        "mean 'day'?",
    ),
    (
        "dataset",
        'event_time="day"',
        'event_time="visits"',
        "event_time: column 'visits' has the type int, expected date or timestamp. Change its type, or name "
        "another column.",
    ),
    (
        "dataset",
        'event_time="day"',
        'event_time="day", is_incremental=True',
        "event_time: column 'day' has the type date, expected timestamp. Change its type, or name another column.",
    ),
    (
        "dataset",
        'event_time="day",\n',
        "is_incremental=True,\n",
        "event_time: an incremental dataset needs the time of each row. Set event_time to a timestamp column.",
    ),
    (
        "dataset",
        'pruning_column="branch"',
        'pruning_column="brunch"',
        "pruning_column: column 'brunch' does not exist. Expected one of: day, branch, visits, card, year. Did "
        "you mean 'branch'?",
    ),
    (
        "dataset",
        'pruning_column="branch"',
        'pruning_column="visits"',
        "pruning_column: column 'visits' has the type int, expected timestamp or text. Change its type, or "
        "name another column.",
    ),
    (
        "dataset",
        'pruning_column="branch"',
        'columns=("day", "branch", "vists", "year")',
        "columns: column 'vists' does not exist. Expected one of: day, branch, visits, card, year. Did you "
        "mean 'visits'?",
    ),
    (
        "dataset",
        'pruning_column="branch"',
        "mostly=95",
        "mostly: found 95, expected a fraction from 0 to 1, such as 0.95 for 95 %.",
    ),
    (
        "dataset",
        'MaskingRule("card"',
        'MaskingRule("crad"',
        "masking_policy: column 'crad' does not exist. Expected one of: day, branch, visits, card, year. Did "
        "you mean 'card'?",
    ),
    (
        "dataset",
        '"identifies a person"',
        '" "',
        "masking rule 'card': the reason is empty. Write why the column is masked.",
    ),
    (
        "dataset",
        "partial(partial_redact, right=4)",
        '"redact"',
        "masking rule 'card': the action is 'redact', expected 'drop' or a function of transforms.masking. "
        "Correct the action.",
    ),
    (
        "dataset",
        "partial(partial_redact, right=4)",
        "keyed_hash",
        "uses_masking_key: the rules of the columns ['card'] need a masking key, but found False. Set "
        "uses_masking_key=True.",
    ),
    (
        "dataset",
        "answers={",
        "uses_masking_key=True, answers={",
        "uses_masking_key: no rule of the masking policy uses keyed_hash, but found True. Remove the argument.",
    ),
    (
        "dataset",
        "answers={",
        'visible_failure_columns=("card",), answers={',
        "visible_failure_columns: the masked columns ['card'] would be shown in quarantine. Remove them from "
        "this list.",
    ),
    (
        "dataset",
        "answers={",
        'visible_failure_columns=("day", "vists"), answers={',
        "visible_failure_columns: column 'vists' does not exist. Expected one of: day, branch, visits, card, year. Did "
        "you mean 'visits'?",
    ),
    (
        "dataset",
        "Answer(build_yearly)",
        'Answer(build_yearly, reads=("trused",))',
        "answer 'yearly': zone 'trused' does not exist. Expected one of: trusted, quarantine. Did you mean 'trusted'?",
    ),
    (
        "dataset",
        'answers={"yearly": Answer(build_yearly)}',
        "answers={}",
        "answers: the dataset has no answer. Add an answer, such as answers={'totals': "
        "Answer(build_totals)}.\nreports/visits.py: answer 'yearly': answer 'yearly' does not exist. Expected "
        "one of: (none). Correct the name.",
    ),
    (
        "dataset",
        'group_by=["year"]',
        'group_by=["yaer"]',
        "answer 'yearly': the answer cannot be built. aggregate: column 'yaer' does not exist. Expected one "
        "of: day, branch, visits, card, year. Did you mean 'year'?",
    ),
    (
        "dataset",
        'return visits.transform(aggregate, group_by=["year"], columns={"visits": ("visits", "sum")})',
        'return visits.where("vists > 0").groupBy("year").count()',
        "answer 'yearly': the answer cannot be built. column 'vists' does not exist. Expected one of: day, "
        "branch, visits, card, year. Did you mean 'visits'?",
    ),
    (
        "dataset",
        "return visits.transform",
        "visits.transform",
        "answer 'yearly': the answer cannot be built. build_yearly: the result is None, expected a DataFrame. "
        "Return the rows.",
    ),
    (
        "dataset",
        'F.year("day")',
        'F.year("dya")',
        "build: the rows cannot be built. Spark (visits.py, line 13): A column or function parameter with name "
        "`dya` cannot be resolved. Did you mean one of the following? [`day`, `card`, `branch`, `_layout`, "
        "`visits`].",
    ),
    (
        "dataset",
        'rows.withColumn("year", F.year("day"))',
        'rows.select("day", "branch")',
        "build: the rows cannot be built. the function build_visits: got rows without the columns ['_layout', "
        "'_is_current', '_modified_at', '_ingested_at', '_source_file', '_row_number', '_cast_failures', "
        "'_cast_warnings'], expected rows that keep these columns. Add columns with withColumns, and remove "
        "columns with drop_fields. A select drops all other columns.",
    ),
    (
        "dataset",
        "Dataset(\n",
        "Dataset(\n    kye=1,\n",
        "DATASET: the file cannot be imported. TypeError (visits.py, line 20): Dataset.__init__() got an "
        "unexpected keyword argument 'kye'.",
    ),
    (
        "dataset",
        "def build_visits(rows):",
        "def build_visits(rows)",
        "DATASET: the file cannot be imported. expected ':' in line 12. Correct the syntax.",
    ),
    (
        "dataset",
        "DATASET = Dataset",
        "DATA = Dataset",
        "DATASET: expected a value of the type Dataset, found no such value. Rename DATA to DATASET.",
    ),
    (
        "dataset",
        "    },\n    build=",
        (
            '        ,"other": (Field("DAY", "day", "date"), Field("branch", "branch", "string"), '
            'Field("Visits", "visits", "int"), Field("Card", "card", "string")),\n    },\n    build='
        ),
        "layout 'other': the layout has the same columns as 'visits', so ingest cannot choose one. Remove one "
        "of the two.",
    ),
    (
        "dataset",
        (
            '"visits": (\n            Field("Day", "day", "date"),\n            Field("Branch", '
            '"branch", "string"),\n            Field("Visits", "visits", "int", required=False),\n       '
            '     Field("Card", "card", "string"),\n        )\n'
        ),
        "",
        "layouts: the dataset has no layout. Add a layout with one field for each column of a file.",
    ),
    (
        "dataset",
        '"identifies a person"),',
        '"identifies a person"), MaskingRule("card", "drop", "again"),',
        "masking rule 'card': 2 rules mask this column. Keep one of them.",
    ),
    (
        "dataset",
        "Answer(build_yearly)",
        "Answer(build_yearly, reads=())",
        "answer 'yearly': `reads` is empty. Name the zones that the answer reads: trusted, quarantine.",
    ),
    (
        "dataset",
        "return rows.withColumn",
        "rows.withColumn",
        "build: the rows cannot be built. build_visits: the result is None, expected a DataFrame. Return the rows.",
    ),
]
"""The changed file, a text, its replacement, and the messages without the path of this file."""
