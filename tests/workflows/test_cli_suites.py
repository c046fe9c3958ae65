"""Test the commands `citylake suite`, `citylake validate` and `citylake docs` on files and tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from expectations.standard import suite_text
from lake.ledger import StageResult, record_stage
from transforms.datasets import load_dataset
from workflows.cli import app

SUITE = {
    "name": "mine",
    "expectations": [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "n", "min_value": 0, "mostly": 0.9},
            "id": "n_not_negative",
            "description": "Counts are not negative.",
        },
        {
            "type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "name", "regex": "^[a-zé]+$"},
            "id": "names_are_words",
            "severity": "warning",
        },
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 2}, "id": "some_rows"},
    ],
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("mine.json").write_text(json.dumps(SUITE))


@pytest.fixture
def citylake(lake: SparkSession):
    def run(*arguments: str) -> tuple[int, str, str]:
        lake.createDataFrame([(1,)], "n int")  # This call makes `lake` the active Spark session.
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.stdout, result.stderr

    return run


VALIDATE = ("validate", "--infer-types", "--suite", "mine.json")


def lines(printed: str) -> list[str]:
    return [" ".join(line.split()) for line in printed.splitlines()]


def test_citylake_suite_describes_each_expectation(citylake):
    code, out, _ = citylake("suite", "mine.json")
    assert code == 0
    assert "n_not_negative 0.9 critical per row" in lines(out)
    assert "n ≥ 0" in lines(out)
    assert "Counts are not negative." in lines(out)
    assert "names_are_words 1 warning per row" in lines(out)
    assert "some_rows 1 critical over table" in lines(out)


def test_citylake_suite_fits_a_narrow_terminal(citylake, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = citylake("suite", "contact_centre")
    assert code == 0
    assert "handled_and_abandoned_at_most_offered 0.9 warning per row" in lines(out)
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("command", [("suite", "nope"), ("validate", "--suite", "nope", "--path", "x.csv")])
def test_error_for_an_unknown_suite_lists_datasets(citylake, command):
    code, out, err = citylake(*command)
    assert (code, out) == (1, "")
    assert "suite nope: the name is neither a file nor a dataset. Datasets: ['con" in err


def test_unmet_critical_expectation_exits_with_code_1(citylake):
    Path("calls.csv").write_text("name;n\nann;1\n[b]x[/b];\nbob;-7\nbea;3\n")
    code, out, _ = citylake(*VALIDATE, "--path", "calls.csv")
    assert code == 1
    assert "calls.csv, 4 rows, including 1 for quarantine, suite mine" in lines(out)
    assert "✗ n_not_negative 1 of 3 unexpected (33.33 %, maximum 10 %): -7" in lines(out)
    assert "✗ names_are_words (warning) 1 of 4 unexpected (25 %): [b]x[/b]" in lines(out)
    assert "✓ some_rows observed 3" in lines(out)  # `some_rows` does not count the quarantined row.
    assert "the suite is not met: 1 of 3 expectations are met" in lines(out)


def test_unmet_warnings_exit_with_code_0(citylake):
    Path("calls.csv").write_text("name,n\nann,1\nX,2\n")
    code, out, _ = citylake(*VALIDATE, "--path", "calls.csv")
    assert code == 0
    assert "the suite is met with warnings: 2 of 3 expectations are met" in lines(out)


def test_encoding_and_delimiter_are_detected(citylake):
    Path("days").mkdir()
    Path("days/one.csv").write_bytes("name;n\r\ncafé;1\r\nthé;2\r\n".encode("windows-1252"))
    Path("days/two [2].csv").write_bytes('\ufeffn\tname\n3\t"a"\n'.encode())
    Path("days/_SUCCESS").touch()
    code, out, _ = citylake(*VALIDATE, "--path", "days")
    assert code == 0
    assert "days, 3 rows, suite mine" in lines(out)
    assert "✓ names_are_words (warning) 0 of 3 unexpected" in lines(out)


def test_csv_column_types_are_inferred(citylake):
    Path("x.csv").write_text('day,share,sure,code,note\n2024-01-01,0.5,true,A1,"a ""b"", c"\n2024-01-02,1,false,7,\n')
    expectations = [
        ("expect_column_values_to_be_between", {"column": "day", "min_value": "2024-01-01"}),
        ("expect_column_max_to_be_between", {"column": "share", "max_value": 1}),
        ("expect_column_values_to_be_in_set", {"column": "sure", "value_set": [True, False]}),
        ("expect_column_values_to_be_in_set", {"column": "code", "value_set": ["A1", "7"]}),
        ("expect_column_values_to_be_in_set", {"column": "note", "value_set": ['a "b", c']}),
    ]
    entries = [{"type": type_, "kwargs": kwargs} for type_, kwargs in expectations]
    Path("types.json").write_text(json.dumps({"name": "types", "expectations": entries}))
    code, out, _ = citylake("validate", "--suite", "types.json", "--path", "x.csv", "--infer-types")
    assert code == 0, out
    assert "the suite is met: 5 of 5 expectations are met" in lines(out)


def test_validation_result_can_be_printed_as_json(citylake):
    Path("calls.csv").write_text("name,n\nann,1\nX,2\n")
    documents = {}
    for level in ("SUMMARY", "BOOLEAN_ONLY"):
        arguments = (*VALIDATE, "--path", "calls.csv", "--json", "--result-format", level)
        code, out, _ = citylake(*arguments)
        assert code == 0
        documents[level] = json.loads(out)["results"]
    assert documents["SUMMARY"][1]["result"]["partial_unexpected_list"] == ["X"]
    assert [entry["result"] for entry in documents["BOOLEAN_ONLY"]] == [{}, {}, {}]
    assert [entry["success"] for entry in documents["BOOLEAN_ONLY"]] == [True, False, True]


def test_boolean_only_format_prints_no_details(citylake):
    Path("calls.csv").write_text("name,n\nann,1\nX,2\n")
    arguments = (*VALIDATE, "--path", "calls.csv", "--result-format", "BOOLEAN_ONLY")
    _, out, _ = citylake(*arguments)
    assert "✗ names_are_words (warning)" in lines(out)


def test_columns_added_by_the_gate_are_ignored(citylake, lake, tmp_path):
    rows = [(1, "a", None, False, 0), (2, "b", ["x"], False, 1)]
    schema = "n int, name string, _warnings array<string>, _quarantined boolean, _mask_0 bigint"
    lake.sql("CREATE NAMESPACE lake.trusted")
    lake.createDataFrame(rows, schema).writeTo("lake.trusted.calls").partitionedBy("_quarantined").create()
    warehouse = str(tmp_path / "warehouse")
    code, out, _ = citylake(
        "validate", "--suite", "mine.json", "--table", "lake.trusted.calls", "--warehouse", warehouse
    )
    assert code == 0
    assert "lake.trusted.calls, 2 rows, suite mine" in lines(out)
    code, out, _ = citylake("validate", "--suite", "mine.json", "--path", f"{warehouse}/trusted/calls/data")
    assert code == 0
    assert "✓ n_not_negative 0 of 2 unexpected" in lines(out)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("calls", "table calls: the name is not a valid table name. Expected lake.ZONE.NAME"),
        ("lake.trusted.", "table lake.trusted.: the name is not a valid table name"),
        ("lake.trusted.parks", "does not exist in warehouse warehouse. lake.trusted has no tables."),
    ],
)
def test_invalid_or_missing_tables_are_rejected(citylake, table, problem):
    code, out, err = citylake("validate", "--suite", "mine.json", "--table", table, "--warehouse", "warehouse")
    assert (code, out) == (1, "")
    assert problem in err


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("gone.csv", None, "path gone.csv: the path does not exist. Expected a file or folder of .csv, .tsv,"),
        ("x.xml", b"<x/>", "path x.xml: the path has no file of a known format. Found ['x.xml'], expected .csv"),
        ("x.parquet", b"PAR1 cut off", "file x.parquet: the file is truncated or is not a valid Parquet file"),
        ("x.csv", b"", "x.csv: the file is empty"),
        ("x.csv", b"name,n\na,1\nb\n", "the header has 2 cells, but records [3] have more or fewer cells. Correct"),
        ("x.csv", b"other\n1\n", "column 'n'"),
    ],
)
def test_unreadable_file_error_gives_the_reason(citylake, name, content, problem):
    if content is not None:
        Path(name).write_bytes(content)
    code, out, err = citylake("validate", "--suite", "mine.json", "--path", name)
    assert (code, out) == (1, "")
    assert problem in err


def test_files_with_different_columns_are_an_error(citylake):
    Path("mixed").mkdir()
    Path("mixed/a.csv").write_text("name,n\na,1\n")
    Path("mixed/b.csv").write_text("name,m\na,1\n")
    code, _, err = citylake("validate", "--suite", "mine.json", "--path", "mixed")
    assert code == 1
    assert "b.csv has the columns ['name', 'm'], but a.csv has ['name', 'n']" in err


def test_citylake_suite_supports_json_and_csv(citylake):
    """The command `citylake validate` supports CSV too."""
    _, out, err = citylake("suite", "mine.json", "--json")
    assert err == ""
    assert json.loads(out)[0] == {
        "id": "n_not_negative",
        "expectation": "n ≥ 0",
        "description": "Counts are not negative.",
        "mostly": 0.9,
        "severity": "critical",
        "validated": "per row",
    }
    _, out, _ = citylake("suite", "mine.json", "--csv")
    assert out.splitlines()[1] == "n_not_negative,n ≥ 0,Counts are not negative.,0.9,critical,per row"

    Path("calls.csv").write_text("name,n\nann,-1\nX,2\n")
    code, out, err = citylake(*VALIDATE, "--path", "calls.csv", "--csv", "--quiet")
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == "id,type,severity,success,outcome"
    assert out.splitlines()[2].startswith("names_are_words,expect_column_values_to_match_regex,warning,false,1 of 2")


OLD_SUITE = {
    "data_asset_type": None,
    "expectation_suite_name": "taxi.demo",
    "expectations": [
        {"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}, "meta": {}},
        {
            "expectation_type": "expect_column_values_to_be_between",
            "kwargs": {"column": "n", "min_value": 0, "max_value": 8, "auto": False, "profiler_config": None},
            "meta": {},
        },
    ],
    "ge_cloud_id": None,
    "meta": {"great_expectations_version": "0.18.15"},
}


def test_suites_of_older_releases_can_be_validated_and_converted(citylake):
    Path("old.json").write_text(json.dumps(OLD_SUITE))
    Path("in.csv").write_text("id,n\n1,2\n2,9\n")
    code, out, _ = citylake("suite", "old.json")
    assert (code, "0 ≤ n ≤ 8" in lines(out)) == (0, True)
    code, converted, _ = citylake("suite", "old.json", "--convert")
    assert (code, json.loads(converted)["name"]) == (0, "taxi.demo")
    Path("new.json").write_text(converted)
    results = []
    for name in ("old.json", "new.json"):
        code, out, _ = citylake("validate", "--suite", name, "--path", "in.csv", "--schema", "n INT", "--json")
        assert code == 1
        results.append(json.loads(out))
    assert results[0] == results[1]
    assert [result["success"] for result in results[0]["results"]] == [True, False]
    assert citylake("suite", "new.json", "--convert")[1] == converted


def test_a_dataset_s_suite_is_converted_to_itself(citylake):
    _, out, _ = citylake("suite", "contact_centre", "--convert")
    assert json.loads(out) == json.loads(suite_text(load_dataset("contact_centre")))


def test_a_retired_type_cannot_be_converted(citylake):
    entry = {"expectation_type": "expect_multicolumn_values_to_be_unique", "kwargs": {"column_list": ["a", "b"]}}
    Path("old.json").write_text(json.dumps(OLD_SUITE | {"expectations": [entry]}))
    code, out, err = citylake("suite", "old.json", "--convert")
    assert (code, out) == (1, "")
    assert "Great Expectations 1.0 removed expect_multicolumn_values_to_be_unique. Use expect_select_column" in err
    entry["expectation_type"] = "expect_select_column_values_to_be_unique_within_record"
    Path("old.json").write_text(json.dumps(OLD_SUITE | {"expectations": [entry]}))
    assert citylake("suite", "old.json", "--convert")[0] == 0


def test_suite_parameters_are_given_as_options(citylake):
    between = {"column": "n", "min_value": {"$PARAMETER": "low"}, "max_value": {"$PARAMETER": "low + 5"}}
    entry = {"type": "expect_column_values_to_be_between", "kwargs": between, "id": "x"}
    Path("suite.json").write_text(json.dumps({"name": "s", "expectations": [entry]}))
    Path("in.csv").write_text("n\n1\n9\n")
    arguments = ("validate", "--suite", "suite.json", "--path", "in.csv", "--infer-types")
    code, out, err = citylake(*arguments)
    assert (code, out) == (1, "")
    assert (
        "suite s, expectation 'x': the suite parameter 'low' of 'min_value' has no value. Give the value: --par" in err
    )
    code, out, _ = citylake(*arguments, "--parameter", "low=4", "--json")
    assert code == 1
    (result,) = json.loads(out)["results"]
    assert result["expectation_config"]["kwargs"] == {"column": "n", "min_value": 4, "max_value": 9}
    assert result["result"]["partial_unexpected_list"] == [1]
    assert "$low ≤ n ≤ $(low + 5)" in lines(citylake("suite", "suite.json")[1])
    entry["kwargs"]["mostly"] = {"$PARAMETER": "share"}
    Path("share.json").write_text(json.dumps({"name": "s", "expectations": [entry]}))
    assert "x $share critical per row" in lines(citylake("suite", "share.json")[1])
    assert json.loads(citylake("suite", "share.json", "--json")[1])[0]["mostly"] == {"$PARAMETER": "share"}
    assert "share" in citylake("suite", "share.json", "--csv")[1]
    assert "4 ≤ n ≤ 9" in lines(citylake("suite", "suite.json", "--parameter", "low=4")[1])
    code, _, err = citylake(*arguments, "--parameter", "lwo=4")
    assert (code, "the suite has no parameter 'lwo'. Found: ['low']." in err) == (1, True)


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-8"])
def test_a_suite_must_be_utf_8_text(citylake, encoding):
    Path("suite.json").write_bytes(json.dumps(SUITE | {"name": "é"}, ensure_ascii=False).encode(encoding))
    code, _, err = citylake("suite", "suite.json")
    assert (code, "Save the file in the encoding UTF-8." in err) == ((0, False) if encoding == "utf-8" else (1, True))


def test_citylake_docs_writes_one_page_per_result(citylake, lake, tmp_path):
    result = {
        "success": False,
        "suite_name": "calls",
        "results": [
            {
                "success": False,
                "expectation_config": {**SUITE["expectations"][0], "severity": "critical", "meta": {}},
                "result": {"element_count": 4, "unexpected_count": 1, "partial_unexpected_list": [-7]},
                "exception_info": {"raised_exception": False},
            }
        ],
    }
    for run_id in ("run-1", "run-2"):
        blocked = StageResult(verdict="blocked", validation_result=json.dumps(result))
        record_stage(lake, lambda found=blocked: found, run_id=run_id, workflow=None, job="calls", stage="refine")
    record_stage(lake, StageResult, run_id="run-3", workflow=None, job="calls", stage="curate")
    code, out, _ = citylake("docs", "--warehouse", "warehouse")
    assert code == 0
    assert out.splitlines()[-1] == "warehouse/docs/index.html"
    home = Path("warehouse/docs/index.html").read_text()
    assert [run for run in ("run-1", "run-2", "run-3") if run in home] == ["run-1", "run-2"]
    pages = [page.read_text() for page in Path("warehouse/docs").rglob("refine.html")]
    assert len(pages) == 2
    assert all("n_not_negative" in page and "Counts are not negative." in page for page in pages)


def test_citylake_docs_can_write_to_another_folder(citylake, lake):
    met = StageResult(verdict="met", validation_result='{"suite_name": "calls", "results": [], "success": true}')
    record_stage(lake, lambda: met, run_id="run-1", workflow=None, job="calls", stage="refine")
    code, out, _ = citylake("docs", "--warehouse", "warehouse", "--to", "public")
    assert (code, out.splitlines()[-1]) == (0, "public/index.html")
    assert not Path("warehouse/docs").exists()


@pytest.mark.parametrize(
    ("name", "wrong", "remedy", "right"),
    [
        ("x.csv", b"name,n\na,1\nb\n", "Correct the records.", b"name,n\na,1\nb,2\n"),
        (
            "x.xml",
            b"name,n\na,1\nb,2\n",
            "expected .csv, .tsv, .txt (also as .gz or .zip) or .parquet.",
            b"name,n\na,1\nb,2\n",
        ),
        ("x.parquet", b"PAR1 cut off", "Write the file again.", None),
    ],
)
def test_repaired_files_are_validated(citylake, lake, name, wrong, remedy, right):
    Path(name).write_bytes(wrong)
    options = VALIDATE if right else ("validate", "--suite", "mine.json")
    code, _, err = citylake(*options, "--path", name)
    assert (code, remedy in err) == (1, True)
    if right is None:
        lake.createDataFrame([("a", 1), ("b", 2)], "name string, n int").write.parquet(str(Path("again").absolute()))
        assert citylake("validate", "--suite", "mine.json", "--path", "again")[0] == 0
    else:
        Path("x.csv").write_bytes(right)
        assert citylake(*VALIDATE, "--path", "x.csv")[0] == 0


def test_parquet_files_of_one_table_can_be_read(citylake, lake):
    for name, schema in (("a", "name string, n int"), ("b", "name string, n string")):
        rows = [("a", 1 if name == "a" else "x"), ("b", 2 if name == "a" else "y")]
        lake.createDataFrame(rows, schema).write.parquet(str(Path("days", name).absolute()))
    Path("days/c.parquet").mkdir()
    Path("days/c.parquet/part.parquet").write_bytes(b"PAR1" + b"x" * 20 + b"PAR1")
    code, _, err = citylake("validate", "--suite", "mine.json", "--path", "days")
    assert (code, "cannot be read as one table" in err, "Give the files of one table." in err) == (1, True, True)
    assert citylake("validate", "--suite", "mine.json", "--path", "days/a")[0] == 0


def test_the_errors_of_missing_tables_name_tables_that_can_be_validated(citylake, lake):
    lake.sql("CREATE NAMESPACE lake.trusted")
    lake.createDataFrame([("a", 1), ("b", 2)], "name string, n int").writeTo("lake.trusted.calls").create()
    validate = ("validate", "--suite", "mine.json", "--warehouse", "warehouse", "--table")
    code, _, err = citylake(*validate, "lake.trusted.parks")
    assert code == 1
    assert "lake.trusted has ['calls']. Give another table name, or give another warehouse with --warehouse DIR." in err
    assert citylake(*validate, "lake.trusted.calls")[0] == 0


def test_citylake_docs_fails_without_saved_results(citylake):
    code, out, err = citylake("docs", "--warehouse", "nowhere")
    assert (code, out) == (1, "")
    assert "warehouse nowhere does not exist. Run a dataset first, or give --warehouse DIR." in err
    Path("empty").mkdir()
    code, _, err = citylake("docs", "--warehouse", "empty")
    assert code == 1
    assert "warehouse empty has no saved results. Run a dataset first: citylake run DATASET." in err
