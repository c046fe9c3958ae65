"""Test the help, the usage errors, the exit codes, and the commands that do not start Spark."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import workflows
from workflows.cli import app
from workflows.errors import WorkflowError
from workflows.parts import dataset_names, workflow_of


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def citylake(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


@pytest.fixture
def half_written_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a dataset whose module in `transforms/datasets/` is empty."""
    Path("x.py").touch()
    import transforms.datasets

    locations = [*transforms.datasets.__path__, str(tmp_path)]
    monkeypatch.setattr(transforms.datasets.__spec__, "submodule_search_locations", locations)
    monkeypatch.setattr(transforms.datasets, "__path__", locations)
    return "x"


def test_help_shows_command_groups_and_exit_codes() -> None:
    code, out, _ = citylake("--help")

    assert code == 0
    panels = [panel for panel in ("Run", "Look", "Data", "Suites", "Deploy") if f"─ {panel} ─" in out]
    assert panels == ["Run", "Look", "Data", "Suites", "Deploy"]
    assert "The exit code is 0 if the command succeeds, and 1 if the command fails" in words(out)
    assert "3 if a dataset needs attention" in words(out)


def test_help_does_not_import_spark() -> None:
    """Other large libraries are not imported either."""
    script = (
        "import sys; from typer.testing import CliRunner; from workflows.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "names = ('pyspark', 'great_expectations', 'boto3', 'grafana_foundation_sdk', 'sqlglot')\n"
        "print([name for name in names if name in sys.modules])"
    )
    root = Path(workflows.__file__).parents[1]
    printed = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)

    assert printed.stdout == "[]\n"


@pytest.mark.parametrize("command", ["run", "show", "status", "resolve", "sample", "fetch", "render"])
def test_command_help_lists_datasets_and_an_example(command: str) -> None:
    code, out, _ = citylake(command, "--help")

    assert code == 0
    assert ", ".join(dataset_names()) in words(out)
    assert f"Examples: citylake {command}" in words(out)


@pytest.mark.parametrize(
    ("command", "defaults"),
    [
        ("resolve", ["warehouse if it exists, otherwise samples/warehouse", "the key of the samples"]),
        ("status", ["all datasets", "warehouse if it exists, otherwise samples/warehouse"]),
        ("run", ["samples", "warehouse with --data, otherwise samples/warehouse", "new rows only"]),
        ("sample", ["samples/landing/DATASET", "200 with --from, otherwise a few thousand", "311"]),
        ("show", ["24", "an overview that lists the answers"]),
    ],
)
def test_the_help_shows_the_default_of_each_option(command: str, defaults: list[str]) -> None:
    _, out, _ = citylake(command, "--help")

    assert [text for text in defaults if f"[default: {text}" not in words(out) and text not in words(out)] == []


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("citylake show con", ["contact_centre"]),
        ("citylake show contact_centre calls", ["calls_handled", "calls_handled_monthly"]),
        ("citylake show contact_centre q", ["quarantine"]),
        ("citylake show nowhere r", ["runs"]),
    ],
)
def test_the_shell_completes_names_of_datasets_and_answers(line: str, names: list[str]) -> None:
    environment = {"_CITYLAKE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    result = CliRunner().invoke(app, [], env=environment, prog_name="citylake")

    assert result.stdout.split() == names


def test_citylake_list_prints_each_dataset() -> None:
    code, out, _ = citylake("list")

    assert code == 0
    assert "contact_centre       Percentage of 3-1-1 calls handled" in out


def test_citylake_list_supports_json_and_csv() -> None:
    _, out, err = citylake("list", "--json")
    assert [record["dataset"] for record in json.loads(out)] == dataset_names()
    assert err == ""

    _, out, _ = citylake("list", "--csv")
    assert [line.split(",")[0] for line in out.splitlines()] == ["dataset", *dataset_names()]


@pytest.mark.parametrize("command", [("list",), ("render", "x")])
def test_empty_module_error_names_the_missing_value(half_written_dataset: str, command: tuple) -> None:
    code, out, err = citylake(*command)

    assert (code, out) == (1, "")
    message = "citylake: dataset 'x': the module transforms.datasets.x has no DATASET."
    assert words(err).startswith(message)


@pytest.mark.parametrize("command", ["check", "run"])
def test_an_empty_module_does_not_run(half_written_dataset: str, command: str) -> None:
    code, _, err = citylake(command, "x")

    assert code == 1
    message = "transforms/datasets/x.py: DATASET: expected a value of the type Dataset, found no such value."
    assert message in words(err)


def test_workflow_module_must_define_the_workflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("z.py").touch()
    monkeypatch.setattr(workflows, "__path__", [*workflows.__path__, str(tmp_path)])

    with pytest.raises(WorkflowError, match="workflow z: WORKFLOW is missing from workflows/z.py"):
        workflow_of("z")


def test_broken_workflow_error_shows_the_failed_import(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("y.py").write_text("import nowhere_at_all")
    monkeypatch.setattr(workflows, "__path__", [*workflows.__path__, str(tmp_path)])

    with pytest.raises(ModuleNotFoundError, match="nowhere_at_all"):
        workflow_of("y")


def test_citylake_render_prints_only_the_template() -> None:
    code, out, err = citylake("render", "contact_centre")

    assert (code, err) == (0, "")
    assert json.loads(out)["Resources"]["Workflow"]["Properties"]["Name"] == "contact_centre"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "contact_center"], "'contact_center' is not a valid dataset. Did you mean 'contact_centre'?"),
        (["show", "parking"], f"'parking' is not a valid dataset. Valid names: {', '.join(dataset_names())}"),
        (["show", "contact_centre", "call_handled"], "Did you mean 'calls_handled'?"),
        (["show", "contact_centre", "x"], "Valid names: calls_handled, calls_handled_monthly, quarantine, warnings"),
        (["fetch", "registrar", "--to", "x"], "'registrar' is not a valid published dataset."),
        (["fetch", "contact_centre", "--to", "x", "--since", "soon"], "'soon' is not a valid time"),
        (["list", "--json", "--csv"], "--json and --csv cannot be combined"),
        (["show", "contact_centre", "--rows", "0"], "Invalid value for '--rows'"),
        (["run", "--data", "landing"], "--data is the landing folder of one dataset. Name the dataset"),
        (["run", "registrar", "--warehouse", "x"], "are valid only for your own files. Give the files: --data DIR"),
        (["run", "registrar", "--masking-key", "x"], "are valid only for your own files. Give the files: --data DIR"),
        (["run", "registrar", "--rebuild"], "are valid only for your own files. Give the files: --data DIR"),
        (["sample", "registrar", "--parameter", "low=5"], "--parameter needs --from. Add --from FILE"),
        (["sample", "registrar", "--to", "x", "--rows", "many"], "Invalid value for '--rows'"),
        (["sample", "registrar", "--to", "x", "--rows", "0"], "Invalid value for '--rows'"),
        (["run", "--parameter", "low=5"], "Name the dataset: citylake run DATASET --parameter NAME=VALUE"),
        (["run", "contact_centre", "--parameter", "low"], "--parameter low: expected NAME=VALUE"),
        (["resolve", "police_dispatch", "--parameter", "low"], "--parameter low: expected NAME=VALUE"),
        (
            ["suite", "contact_centre", "--convert", "--json"],
            "--convert prints the whole suite as JSON. Remove the other",
        ),
        (["validate", "--suite", "contact_centre"], "either --table NAME or --path PATH"),
        (["validate", "--suite", "x", "--table", "a", "--path", "b"], "either --table NAME or --path PATH"),
        (["validate", "--suite", "x", "--path", "b", "--result-format", "ALL"], "'ALL' is not one of"),
        (["nothing"], "No such command 'nothing'"),
    ],
)
def test_a_usage_error_exits_with_code_2(arguments: list[str], message: str) -> None:
    code, out, err = citylake(*arguments)

    assert (code, out) == (2, "")
    assert message in words(err)
    assert [*Path().iterdir()] == []
