"""`citylake validate --path` judges the text of the files. Options give the columns other types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import types as T
from typer.testing import CliRunner

from workflows.cli import app

BETWEEN, SCHEMA_ERROR = "expect_column_values_to_be_between", "--schema: "


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def validate(lake: SparkSession):
    """Return a function that validates a path. The function returns the exit code, the results and the errors."""

    def run(path: str, *options: str, **expectations: dict) -> tuple[int, list[dict], str]:
        entries = [{"type": f"expect_{name}", "kwargs": kwargs} for name, kwargs in expectations.items()]
        Path("suite.json").write_text(json.dumps({"name": "s", "expectations": entries}))
        lake.createDataFrame([(1,)], "n int")  # This call makes `lake` the active Spark session.
        arguments = ["validate", "--suite", "suite.json", "--path", path, "--json", *options]
        result = CliRunner().invoke(app, arguments)
        results = json.loads(result.stdout)["results"] if result.stdout else []
        return result.exit_code, results, result.stderr

    return run


def text_file(name: str, *lines: str) -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("".join(f"{line}\n" for line in lines))
    return name


def test_text_stays_text(validate):
    """Leading zeros, exponents and long numbers are judged as the file has them."""
    path = text_file(
        "in.csv", "id,zip,permit,account", "1,02134,12E5,21602730330000060100100000358582", "2,02135,13E5,"
    )
    code, results, _ = validate(
        path,
        column_values_to_match_regex={"column": "zip", "regex": "^[0-9]{5}$"},
        column_value_lengths_to_equal={"column": "zip", "value": 5},
        column_values_to_be_in_set={"column": "zip", "value_set": ["02134", "02135"]},
        column_values_to_not_match_regex={"column": "permit", "regex": "[.]"},
        column_distinct_values_to_equal_set={"column": "permit", "value_set": ["12E5", "13E5"]},
        column_max_to_be_between={"column": "id"},
        column_values_to_be_of_type={"column": "id", "type_": "StringType"},
        column_values_to_be_unique={"column": "account"},
    )
    assert (code, [result["success"] for result in results]) == (0, [True] * 8)


def test_dates_can_be_validated_as_text(validate):
    path = text_file("in.csv", "id,opened", "1,2024-01-05", "2,2024-01-06")
    code, _, _ = validate(
        path, column_values_to_match_strftime_format={"column": "opened", "strftime_format": "%Y-%m-%d"}
    )
    assert code == 0


def test_results_equal_those_of_gx_on_the_same_file(validate, spark):
    """Great Expectations' own csv asset reads text, too."""
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite

    path = text_file("data/in.csv", "id,zip,opened", "1,02134,2024-01-05", "2,,2024-13-06", "3,2135,")
    expectations = {
        "column_values_to_match_regex": {"column": "zip", "regex": "^[0-9]{5}$"},
        "column_values_to_match_strftime_format": {"column": "opened", "strftime_format": "%Y-%m-%d"},
        "column_values_to_be_in_set": {"column": "id", "value_set": ["1", "2"]},
        "column_values_to_not_be_null": {"column": "zip"},
        "column_value_lengths_to_be_between": {"column": "zip", "min_value": 5},
    }
    _, ours, _ = validate(path, **expectations)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_spark_filesystem("files", base_directory=Path("data").absolute(), persist=False)
    asset = source.add_csv_asset("csv", header=True)
    batch = asset.add_batch_definition_path("in", path="in.csv").get_batch()
    entries = [
        {"type": f"expect_{name}", "kwargs": kwargs, "meta": {"n": n}}
        for n, (name, kwargs) in enumerate(expectations.items())
    ]
    suite = ExpectationSuite(name="s", expectations=entries)
    results = batch.validate(suite, result_format="SUMMARY").to_json_dict()["results"]
    theirs = sorted(results, key=lambda result: result["expectation_config"]["meta"]["n"])
    assert [result["success"] for result in theirs] == [False, False, False, False, False]
    for our, their in zip(ours, theirs, strict=True):
        assert (our["success"], our["result"]) == (
            their["success"],
            {name: value for name, value in their["result"].items() if name != "partial_unexpected_index_list"},
        )


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("column_values_to_be_between", {"column": "the n", "min_value": 0}),
        ("column_mean_to_be_between", {"column": "the n", "min_value": 0}),
        ("column_values_to_be_in_set", {"column": "the n", "value_set": [1, 10]}),
        ("column_values_to_not_be_null", {"column": "the n", "row_condition": 'col("the n") > 1'}),
    ],
)
def test_a_column_of_plain_numbers_is_read_as_numbers_if_an_expectation_needs_numbers(validate, name, kwargs):
    """If some cells are not plain numbers, the error names the column and the remedies. The remedies work."""
    assert validate(text_file("in.csv", "the n", "1", "10"), **{name: kwargs})[0] == 0
    path = text_file("in.csv", "the n", "1", "1e1")
    code, _, error = validate(path, **{name: kwargs})
    assert code == 1
    assert "column 'the n' is text" in error
    assert "some cells of this column are not plain numbers. Correct them, or give the type of the" in error
    assert "such as --schema '`the n` INT'. Other types are DOUBLE" in error
    assert validate(path, "--schema", "`the n` DOUBLE", **{name: kwargs})[0] == 0


def test_the_output_names_the_columns_that_are_read_as_numbers(lake: SparkSession):
    path = text_file("in.csv", "zip,n", "02134,1")
    regex = {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "zip", "regex": "^[0-9]{5}$"}}
    between = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 0}}
    Path("suite.json").write_text(json.dumps({"name": "s", "expectations": [regex, between]}))
    lake.createDataFrame([(1,)], "n int")  # This call makes `lake` the active Spark session.

    result = CliRunner().invoke(app, ["validate", "--suite", "suite.json", "--path", path])

    assert result.exit_code == 0
    assert "columns that were read as numbers, because an expectation needs numbers: ['n']" in result.output


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP"])
def test_dates_and_times_need_a_column_of_their_type(validate, type_):
    """The error names these types, too."""
    path = text_file("in.csv", "at", "2024-01-05" if type_ == "DATE" else "2024-01-05 10:00")
    between = {"column_values_to_be_between": {"column": "at", "min_value": "2024-01-01"}}
    code, _, error = validate(path, **between)
    assert code == 1
    assert "Other types are DOUBLE, DATE and TIMESTAMP." in error
    assert validate(path, "--schema", f"at {type_}", **between)[0] == 0


def test_types_of_a_folder_are_inferred_once(validate):
    """The files alone would have different types."""
    text_file("days/a.csv", "id,share", "1,5")
    text_file("days/b.csv", "id,share", "x2,0.5")
    code, results, _ = validate(
        "days",
        "--infer-types",
        column_values_to_be_in_set={"column": "id", "value_set": ["1", "x2"]},
        column_max_to_be_between={"column": "share", "max_value": 5},
        column_min_to_be_between={"column": "share", "min_value": 0.5},
    )
    assert (code, results[1]["result"]["observed_value"]) == (0, 5.0)


def test_a_column_whose_inferred_type_would_change_a_value_stays_text(validate):
    """Spark infers numbers for `1d`."""
    path = text_file("in.csv", "java", "1d", "2d")
    code, _, error = validate(path, "--infer-types", column_values_to_be_between={"column": "java", "min_value": 1})
    assert code == 1
    assert "Spark inferred text from the values. Correct the values. Or remove --infer-types, and give" in error
    corrected = text_file("in.csv", "java", "1", "2")
    code, _, _ = validate(corrected, "--infer-types", column_values_to_be_between={"column": "java", "min_value": 1})
    assert code == 0


DDL = "id INT, share DECIMAL(5,2), sure BOOLEAN, day DATE, at TIMESTAMP, local TIMESTAMP_NTZ, x DOUBLE"


@pytest.mark.parametrize("form", ["text", "file of DDL", "file of JSON"])
def test_a_schema_gives_the_types_of_all_files(validate, form):
    lines = [
        "zip,id,share,sure,day,at,local,x",
        "02134,1,0.50,true,2024-01-05,2024-01-05 10:00:00,2024-01-05T10:00,1e3",
    ]
    text_file("days/a.csv", *lines)
    text_file("days/b.csv", *lines, "02135,,,,,2024-01-05T10:00:00-01:00,,")
    schema = DDL
    if form != "text":
        parsed = (
            T.StructType().add("id", "integer").add("share", "decimal(5,2)").add("sure", "boolean").add("day", "date")
        )
        parsed = parsed.add("at", "timestamp").add("local", "timestamp_ntz").add("x", "double")
        schema = "schema.txt"
        Path(schema).write_text(parsed.json() if form == "file of JSON" else DDL)
    code, results, error = validate(
        "days",
        *("--schema", schema),
        column_values_to_match_regex={"column": "zip", "regex": "^[0-9]{5}$"},
        column_sum_to_be_between={"column": "id", "min_value": 2, "max_value": 2},
        column_values_to_be_of_type={"column": "share", "type_": "DecimalType"},
        column_values_to_be_in_set={"column": "sure", "value_set": [True]},
        column_values_to_be_between={"column": "day", "min_value": "2024-01-05", "max_value": "2024-01-05"},
        column_max_to_be_between={
            "column": "at",
            "max_value": "2024-01-05T11:00:00",
            "min_value": "2024-01-05T11:00:00",
        },
        column_min_to_be_between={"column": "local", "max_value": "2024-01-05T10:00:00"},
        column_mean_to_be_between={"column": "x", "min_value": 1000, "max_value": 1000},
    )
    assert (code, [result["success"] for result in results]) == (0, [True] * 8), error


@pytest.mark.parametrize(
    ("cell", "type_", "fitting"),
    [
        ("x", "INT", "STRING"),
        ("1.5", "INT", "DOUBLE"),
        ("3000000000", "INT", "BIGINT"),
        ("1.239", "DECIMAL(5,2)", "DECIMAL(6,3)"),
        ("maybe", "BOOLEAN", "STRING"),
        ("2024", "DATE", "INT"),
        ("05/01/2024", "DATE", "STRING"),
        ("2024-02-30", "DATE", "STRING"),
        ("2024-01-05 10:00:00", "DATE", "TIMESTAMP"),
        ("10:00", "TIMESTAMP", "STRING"),
    ],
)
def test_a_cell_that_cannot_be_cast_is_an_error(validate, cell, type_, fitting):
    """The error has the file, the column, the row and the type. Both remedies work."""
    not_null = {"column_values_to_not_be_null": {"column": "v"}}
    text_file("days/a.csv", "v,w", ",1")
    path = text_file("days/b.csv", "v,w", ",1", f"{cell},2", "zzz,3" if fitting == "STRING" else ",3")
    code, results, error = validate("days", "--schema", f"v {type_}", **not_null)
    assert (code, results) == (1, [])
    name = type_.lower()
    assert f"file {path}: column 'v', row 3: '{cell}' cannot be cast to {name}. The header is row 1. Correct" in error
    assert "or give a type that fits all cells, such as --schema 'v STRING'." in error
    for schema in ("v STRING", f"v {fitting}"):
        code, results, error = validate("days", "--schema", schema, **not_null)
        assert len(results) == 1, error
    text_file("days/b.csv", "v,w", ",1")
    assert len(validate("days", "--schema", f"v {type_}", **not_null)[1]) == 1


@pytest.mark.parametrize(
    ("schema", "problem", "repaired"),
    [
        (
            "Zip STRING",
            "file in.csv: the schema has the columns ['Zip'], which the file does not have. Found: ['zip', 'n",
            "zip STRING",
        ),
        ("Zip STRING", "Did you mean 'zip'?", "zip STRING"),
        ("code STRING", "Correct the schema.", "zip STRING"),
        ("zip STRING,", "--schema: 'zip STRING,' is neither a file nor a valid schema: ", "zip STRING"),
        ("schema.json", "--schema: 'schema.json' is neither a file nor a valid schema: ", "zip STRING"),
        (
            "INT",
            'int is a type without the name of a column. Write Spark DDL such as "id INT, zip STRING"',
            "n INT, zip STRING",
        ),
        ('{"fields": 1}', "is neither a file nor a valid schema: ", T.StructType().add("n", "integer").json()),
        (
            T.StructType().add("n", "integer").json().replace("integer", "int"),
            "a column has a type that Spark does not know. Spark's names are integer, string, …. Write Spark DDL",
            T.StructType().add("n", "integer").json(),
        ),
        ("n INT, n STRING", "the schema has the columns ['n'] twice. Write each column once.", "n INT"),
        (
            "n ARRAY<INT>",
            "column 'n' has the type array<int>, expected text, a number, a boolean, a date or a",
            "n STRING",
        ),
    ],
)
def test_a_wrong_schema_is_an_error(validate, schema, problem, repaired):
    """The repaired schema works."""
    path = text_file("in.csv", "zip,n", "02134,1")
    code, results, error = validate(path, "--schema", schema, column_values_to_not_be_null={"column": "zip"})
    assert (code, results) == (1, [])
    assert problem in error
    assert validate(path, "--schema", repaired, column_values_to_not_be_null={"column": "zip"})[0] == 0


def test_a_schema_without_the_column_of_the_expectation_names_the_remedy(validate):
    path = text_file("in.csv", "zip,n", "02134,1")
    between = {"column_values_to_be_between": {"column": "n", "min_value": 0}}
    code, _, error = validate(path, "--schema", "zip STRING", **between)
    assert code == 1
    assert "--schema leaves this column as text. To change this, give the type of the column, such as" in error
    assert validate(path, "--schema", "n INT", **between)[0] == 0


@pytest.mark.parametrize("option", [("--infer-types",), ("--schema", "n INT")])
def test_types_of_parquet_files_cannot_be_given(validate, lake, option):
    lake.createDataFrame([(1,)], "n int").write.parquet(str(Path("days").absolute()))
    code, _, error = validate("days", *option, column_values_to_not_be_null={"column": "n"})
    assert code == 1
    assert f"path days: Parquet files have their own column types. Remove {option[0]}." in error
    assert validate("days", column_values_to_be_between={"column": "n", "min_value": 0})[0] == 0


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--path", "x.csv", "--infer-types", "--schema", "n INT"), "--infer-types and --schema cannot be combined."),
        (
            ("--table", "lake.trusted.x", "--infer-types"),
            "A table has its own column types. Remove --infer-types, --schema",
        ),
        (
            ("--table", "lake.trusted.x", "--schema", "n INT"),
            "A table has its own column types. Remove --infer-types, --schema",
        ),
    ],
)
def test_options_that_cannot_be_combined_are_wrong_usage(options, problem):
    result = CliRunner().invoke(app, ["validate", "--suite", "contact_centre", *options])
    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.replace("│", " ").split())


def test_text_and_parquet_files_of_a_folder_are_an_error(validate, lake):
    """The remedy, to give files of one format, works."""
    lake.createDataFrame([("1",)], "n string").write.parquet(str(Path("days").absolute()))
    text_file("days/a.csv", "n", "1")
    not_null = {"column_values_to_not_be_null": {"column": "n"}}
    assert "the folder has Parquet and text files. Give files of one format." in validate("days", **not_null)[2]
    assert validate("days/a.csv", **not_null)[0] == 0


def test_files_with_different_columns_can_be_validated_one_by_one(validate):
    text_file("days/a.csv", "n", "1")
    text_file("days/b.csv", "n,m", "1,2")
    not_null = {"column_values_to_not_be_null": {"column": "n"}}
    assert "Validate the files one by one." in validate("days", **not_null)[2]
    assert validate("days/a.csv", **not_null)[0] == validate("days/b.csv", **not_null)[0] == 0
