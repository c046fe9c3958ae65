"""Test that `citylake new` writes datasets that run, and that it refuses everything else without writing a file."""

from __future__ import annotations

import csv
import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.first_rows import FirstRows
from ingest.profile import Profile, profile_rows
from tests.workflows.new_projects import Project
from workflows.new.code import LINE_LENGTH, width
from workflows.new.dataset_module import dataset_module
from workflows.new.plan import NewDataset
from workflows.new.report_module import report_module
from workflows.new.test_module import test_module as code_of_test

PERSONS = ("Ann Lee", "Bob O'Hara", "Carla Diaz")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def write_calls(path: Path) -> Path:
    """Write calls with local times that have the offset of UTC, personal columns, and columns of most types."""
    rows = []
    for number in range(120):
        time = datetime(2024, 1, 1, 0, 12) + timedelta(minutes=50 * number)
        rows.append(
            {
                "Call Number": 24_000_000 + 7 * number,
                "Call Date": f"{time:%m/%d/%Y}",
                "Received DtTm": f"{time:%Y-%m-%dT%H:%M:%S}+00:00",
                "Closed": f"{time:%Y-%m-%d %H:%M}" if number % 3 else "",
                "Caller Name": PERSONS[number % 3],
                "E-mail": f"person{number}@example.org",
                "Phone": f"604 555 {number:04}",
                "Address": f"{number + 100} Main St",
                "Zipcode": f"{94100 + number % 20}",
                "Lat": f"37.77{number:03}",
                "Point": f"POINT (-122.41{number:03} 37.77{number:03})",
                "Date of Birth": f"19{number % 90 + 10}-05-06",
                "Notes": f"{PERSONS[number % 3]} asked for a call back number {number}",
                "Unit": f"{number % 7:03}",
                "Priority": "ABC"[number % 3],
                "Wait Minutes": "n/a" if number == 5 else f"{number % 9}.5",
                "Fee Amount": f"{number}.25",
                "Price": f"${number},000.00",
                "Is Urgent": "yes" if number % 2 else "no",
                "Empty": "",
                "Order": number % 5,
                "2024": number,
                "日付": "x",
            }
        )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_new_dataset_runs_and_its_tests_pass(project: Project, tmp_path: Path) -> None:
    """The files have no personal value, and need no formatting. Run, show and report work at once."""
    (tmp_path / "landing").mkdir()
    file = write_calls(tmp_path / "landing/calls.csv")
    screen = project.new("calls", file)

    written = project.files("calls")
    paths = ["transforms/datasets/calls.py", "reports/calls.py", "expectations/suites/calls.json"]
    assert {*written} == {*paths, "tests/transforms/datasets/test_calls.py"}
    for path, text in written.items():
        assert f"{text.count(chr(10)):5} lines  {path}" in screen
        assert not re.search(r"example\.org|Ann|Hara|Diaz|555|Main St|94100|37\.77|122\.41|19\d\d-05-06", text), path
    commands = ["check calls", f"run calls --data {file.parent}"]
    assert screen.splitlines()[-3:-1] == [f"citylake {command}" for command in commands]
    assert screen.splitlines()[-1] == "python -m pytest tests/transforms/datasets/test_calls.py"
    code = written[paths[0]]
    assert "pattern=\"yyyy-MM-dd'T'HH:mm:ss'+00:00'\", zone=ZONE" in code
    assert code.count("# Unsure:") >= 8
    masked = re.findall(r'MaskingRule\(\s*"(\w+)"', code)
    assert masked == ["caller_name", "e_mail", "phone", "address", "zipcode", "lat", "point", "date_of_birth", "notes"]

    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        checked = [path for path in written if path.endswith(".py") and not ("mypy" in command and "test_" in path)]
        result = project.python("-m", *command, *checked)
        assert result.returncode == 0, result.stdout
    result = project.python("-m", "pytest", "tests/transforms/datasets/test_calls.py")
    assert result.returncode == 0, result.stdout
    assert "4 passed" in result.stdout

    run = project.citylake("run", "calls", "--data", file.parent, "--quiet")
    assert run.returncode == 0, run.stderr
    assert re.search(r"calls +120 +120 +0 +SUCCEEDED", run.stdout)
    assert "January 2024 has the highest total fee amount: 7,170.00" in run.stdout
    show = project.citylake("show", "calls", "by_priority", "--csv", "--quiet")
    assert show.returncode == 0, show.stderr
    assert show.stdout.splitlines()[0] == "priority,rows,fee_amount"
    assert sorted(line.split(",")[:2] for line in show.stdout.splitlines()[1:]) == [
        ["A", "40"],
        ["B", "40"],
        ["C", "40"],
    ]


def test_each_format_gives_files_without_findings(project: Project, landing) -> None:
    """Ruff and mypy find nothing in the files of a workbook, of JSON and of text files with hostile headers."""
    hostile = [
        "class",
        "a`b",
        "q\"uo'te",
        "two\nlines",
        "x" * 250,
        "日" * 90,
        "a.b",
        "{x}",
        "\\n",
        "rows",
        "month",
        "#",
        "é",
    ]
    sources = {
        "book": landing.sheets("book.xlsx", {"A": [("Day", "Size"), ("2024-05-01", 1.5)], "B": [("x",), ("y",)]}),
        "events": landing.file(
            "e.jsonl", b'{"id": "a", "at": "2024-05-01T10:00:00Z", "to": {"b": [1]}}\n{"id": "b"}\n'
        ),
        "hostile": landing.file("h.csv", _csv(hostile, [["v"] * 13, ["w"] * 13])),
        "one_column": landing.file("o.csv", b"value\n1\n2\n"),
        "repeats": landing.file("r.csv", b"when,kind\n" + b"2024-05-01 10:00,a\n2024-05-01 10:00,a\n" * 3),
        "no_key": landing.file("n.csv", b"when,kind,size\n" + b"2024-05-01 10:00,a,1.5\n2024-05-01 10:00,a,2.5\n" * 3),
        "aggregate": landing.file("a.csv", b"kind,size\n" + b"a,1\nb,2\na,3\nb,4\n"),
    }
    for name, file in sources.items():
        project.new(name, file)
    paths = [
        path
        for name in sources
        for path in project.files(name)
        if re.search(rf"(datasets|reports)/(test_)?{name}\.py$", path)
    ]
    assert len(paths) == 3 * len(sources)
    for command in (["ruff", "check"], ["ruff", "format", "--diff"], ["mypy"]):
        checked = [path for path in paths if not ("mypy" in command and path.startswith("tests"))]
        result = project.python("-m", *command, *checked)
        assert result.returncode == 0, result.stdout
    tests = [path for path in paths if path.startswith("tests")]
    result = project.python("-m", "pytest", *tests)
    assert result.returncode == 0, result.stdout[-3000:]


def _csv(header, rows) -> bytes:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (header, *rows)]
    return "\n".join(lines).encode()


def new_dataset(headers, rows) -> NewDataset:
    places = [("a.csv", number) for number in range(len(rows))]
    profile: Profile = profile_rows(FirstRows(tuple(headers), rows, places), files=["a.csv"])
    return NewDataset("made_up", profile)


HEADERS = st.lists(st.text(min_size=1), min_size=1, max_size=8, unique_by=str.casefold)


@settings(max_examples=100, deadline=None)
@given(HEADERS, st.sampled_from(["1", "2024-05-01", "2024-05-01 10:00", "1.5", "a", "Yes"]))
def test_any_header_gives_code_that_defines_its_fields(headers, cell):
    dataset = new_dataset(headers, [(cell,) * len(headers), ("b",) * len(headers)])
    names: dict[str, object] = {}
    for code in (dataset_module(dataset), report_module(dataset), code_of_test(dataset)):
        compiled = compile(code, "made_up.py", "exec")
        assert all(width(line) <= LINE_LENGTH for line in code.splitlines())
        if "DATASET = Dataset(" in code:
            exec(compiled, names)
    assert names["DATASET"].source_columns == {"made_up": tuple(headers)}


def test_questions_fit_on_a_line_of_a_terminal() -> None:
    headers = ("number of very long descriptive visits", "name of a very long descriptive category", "day")
    rows = [(str(n), "ab"[n % 2], f"2024-05-{n + 1:02}") for n in range(20)]
    answers = new_dataset(headers, rows).answers
    assert [answer.question for answer in answers] == [
        "How does the total change by month?",
        "Which group has the highest total?",
    ]
    assert all(len(answer.question) < 50 for answer in new_dataset(("visits", "branch", "day"), rows).answers)


@pytest.mark.parametrize(
    ("headers", "questions"),
    [
        (("visits", "branches", "day"), ["How many visits are there each month?", "Which branch has the most visits?"]),
        (
            ("fee amount", "categories", "day"),
            ["What is the total fee amount each month?", "Which category has the highest total fee amount?"],
        ),
        (
            ("total calls", "status", "day"),
            ["How many calls are there each month?", "Which status has the most calls?"],
        ),
    ],
)
def test_questions_and_sentences_fit_the_names_of_the_columns(headers: tuple[str, ...], questions: list[str]) -> None:
    rows = [(str(n % 7 + 1), "ab"[n % 2], f"2024-05-{n + 1:02}") for n in range(20)]
    dataset = new_dataset(headers, rows)
    assert [answer.question for answer in dataset.answers] == questions
    end = questions[1].removesuffix("?").split(" has ")[1]
    assert report_module(dataset).count(f" has {end}: ") == 2


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Library", "the name is not valid"),
        ("2024_visits", "the name is not valid"),
        ("import", "the name is not valid"),
        ("a__b", "the name is not valid"),
        ("../visits", "the name is not valid"),
        ("v" * 41, "the name is not valid"),
        ("contact_centre", "because transforms/datasets/contact_centre.py exists"),
        ("registrar", "the name is already used"),
        ("charts", "because reports/charts.py exists"),
        ("model", "because workflows/model.py exists"),
    ],
)
def test_wrong_names_are_refused(project: Project, landing, name: str, problem: str) -> None:
    before = project.files("")
    run = project.citylake("new", name, "--from", landing.file("a.csv", b"kind\na\n"))
    assert run.returncode == 1
    assert problem in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr
    assert project.files("") == before


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"kind,size\n", "the file has no row that fits its header"),
        (b"", "the file is empty"),
        (b"a,A\n1,2\n", "have the same name"),
    ],
)
def test_wrong_files_are_refused(project: Project, landing, content: bytes, problem: str) -> None:
    run = project.citylake("new", "visits", "--from", landing.file("a.csv", content))
    assert run.returncode == 1
    assert problem in " ".join(run.stderr.split())
    assert project.files("visits") == {}


def test_a_first_row_that_may_be_values_is_unsure(project: Project, landing) -> None:
    rows = "Lee Park,Boston,yes\nRay Hall,Denver,no\nFox Hall,Boston,yes\n"
    file = landing.file("a.csv", rows.encode())
    screen = " ".join(project.new("visits", file).split())
    assert "the first row may be a row of values, and this row is not read." in screen
    code = project.files("visits")["transforms/datasets/visits.py"]
    assert code.count("# Unsure: the name may be a value, because it looks like the cells of the column.") == 2

    for path in project.files("visits"):  # as the screen says
        (project.folder / path).unlink()
    file.write_text(f"place,city,is_open\n{rows}")
    assert "3 rows and 3 columns" in project.new("visits", file)
    assert "may be a value" not in project.files("visits")["transforms/datasets/visits.py"]


def test_files_with_different_columns_are_refused(project: Project, landing) -> None:
    first, second = landing.file("a.csv", b"kind\na\n"), landing.file("b.csv", b"size\n1\n")
    run = project.citylake("new", "visits", "--from", first, second)
    assert run.returncode == 1
    assert "b.csv: the columns differ from those of a.csv" in " ".join(run.stderr.split())
    assert project.files("visits") == {}


def test_files_are_required(project: Project) -> None:
    run = project.citylake("new", "visits")
    assert run.returncode == 2
    assert "citylake new visits --from FILE" in " ".join(run.stderr.replace("│", " ").split())


def test_a_file_that_cannot_be_written_leaves_no_other_file(project: Project, landing) -> None:
    file = landing.file("a.csv", b"kind\na\n")
    suites = project.folder / "expectations/suites"
    suites.rename(suites.with_name("moved"))
    run = project.citylake("new", "visits", "--from", file)
    assert run.returncode == 1
    assert "the file cannot be written: No such file or directory. No file is written." in " ".join(run.stderr.split())
    assert project.files("visits") == {}


def test_an_installed_wheel_is_refused(project: Project, landing) -> None:
    (project.folder / "pyproject.toml").unlink()
    run = project.citylake("new", "visits", "--from", landing.file("a.csv", b"kind\na\n"))
    assert run.returncode == 1
    assert "this folder is not a checkout of the project" in " ".join(run.stderr.split())


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write to every folder")
def test_a_folder_that_is_not_writable_is_refused(project: Project, landing) -> None:
    (project.folder / "reports").chmod(0o555)
    run = project.citylake("new", "visits", "--from", landing.file("a.csv", b"kind\na\n"))
    assert run.returncode == 1
    assert "Permission denied" in run.stderr
