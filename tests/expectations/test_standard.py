"""Standard expectations come from the definition of a dataset, and a suite file can only refine them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from importlib import resources
from pathlib import Path

import pytest

from expectations.errors import SuiteError
from expectations.gate import compile_gate
from expectations.standard import standard_expectations, suite_of
from tests.transforms.datasets.frames import raw_schema
from transforms.candidates import build_candidates
from transforms.dataset import Dataset
from transforms.schema import Field

VISITS = Dataset(
    name="visits",
    description="Visits by day",
    layouts={
        "visits": (
            Field("Date", "date", "date"),
            Field("Branch", "branch", "string"),
            Field("Visits", "visits", "int"),
            Field("Staff", "staff", "int", required=False),
        )
    },
    key=("date", "branch"),
    answers={},
    event_time="date",
)


def ids(dataset: Dataset) -> list[str]:
    return [entry["id"] for entry in standard_expectations(dataset)]


@pytest.fixture
def write_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that writes the suite file of the dataset `visits`."""
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)

    def write(*entries: dict) -> None:
        (tmp_path / "visits.json").write_text(json.dumps({"name": "visits", "expectations": entries}))

    return write


def test_ids_depend_only_on_column_names():
    assert ids(VISITS) == [
        "every_cell_readable", "other_cells_readable", "date_present", "branch_present", "one_row_per_key",
        "date_not_in_the_future", "some_rows",
    ]  # fmt: skip


def test_a_dataset_without_optional_fields_and_event_time_has_fewer_expectations():
    fields = VISITS.layouts["visits"][:3]
    dataset = replace(VISITS, layouts={"visits": fields}, key=("branch",), event_time=None)
    assert ids(dataset) == ["every_cell_readable", "branch_present", "one_row_per_key", "some_rows"]
    assert standard_expectations(dataset)[2]["type"] == "expect_column_values_to_be_unique"


def test_an_incremental_dataset_has_no_expectation_that_needs_all_rows():
    assert not {"one_row_per_key", "some_rows"} & {*ids(replace(VISITS, is_incremental=True))}


def test_a_dataset_without_a_suite_file_has_the_standard_suite():
    assert [item.id for item in suite_of(VISITS).expectations] == ids(VISITS)


def test_an_entry_with_the_same_id_replaces_the_standard_expectation(write_suite):
    kwargs = {"column": "date", "mostly": 0.5}
    present = {"id": "date_present", "type": "expect_column_values_to_not_be_null", "kwargs": kwargs}
    bounds = {"id": "low", "type": "expect_column_values_to_be_between", "kwargs": {"column": "visits", "min_value": 0}}
    write_suite(bounds, present | {"severity": "warning"})

    suite = suite_of(VISITS)

    assert [item.id for item in suite.expectations] == [*ids(VISITS), "low"]
    (replaced,) = [item for item in suite.expectations if item.id == "date_present"]
    assert (replaced.mostly, replaced.severity) == (0.5, "warning")


def test_an_entry_with_the_same_id_and_another_column_is_refused(write_suite):
    write_suite({"id": "date_present", "type": "expect_column_values_to_not_be_null", "kwargs": {"column": "visits"}})

    with pytest.raises(SuiteError) as caught:
        suite_of(VISITS)

    assert str(caught.value) == (
        "suite visits, expectation 'date_present': this id belongs to a standard expectation, "
        "expect_column_values_to_not_be_null on {'column': 'date'}. Found: expect_column_values_to_not_be_null on "
        "{'column': 'visits'}. Give the expectation another id, or correct its type and columns."
    )


def test_an_id_that_is_given_twice_is_refused(write_suite):
    present = {"id": "date_present", "type": "expect_column_values_to_not_be_null", "kwargs": {"column": "date"}}
    write_suite(present, present | {"severity": "info"})
    with pytest.raises(SuiteError, match=r"several expectations have the same id: \['date_present'\]"):
        suite_of(VISITS)


def test_an_id_that_is_no_text_is_refused(write_suite):
    write_suite({"id": ["date_present"], "type": "expect_column_to_exist", "kwargs": {"column": "date"}})
    with pytest.raises(SuiteError, match="id"):
        suite_of(VISITS)


def test_an_event_on_the_day_of_its_arrival_is_not_in_the_future(spark):
    """Each expectation is met by 95 % of the rows or more, so one later event of 20 is in quarantine."""
    arrival = datetime(2024, 5, 2, tzinfo=timezone.utc)
    lineage = (None, None, "visits", True, arrival, arrival, "a.csv")
    days = ["2024-05-03", "2024-05-02", *(f"2024-04-{day:02}" for day in range(1, 19))]
    raw = spark.createDataFrame(
        [(day, "Central", "12", "3", *lineage, number) for number, day in enumerate(days)], raw_schema(VISITS)
    )
    gate = compile_gate(build_candidates(raw, dataset=VISITS), suite=suite_of(VISITS))
    assert [row._row_number for row in gate.rows.collect() if row._quarantined] == [0]
    assert {item.mostly for item in suite_of(VISITS).expectations} == {0.95, 1}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"severity": "warning"}, "the severity 'warning'"),
        ({"kwargs": {"column": "_cast_failures", "row_condition": "visits > 0"}}, r"the arguments \['row_condition'\]"),
    ],
)
def test_a_suite_cannot_publish_unreadable_required_cells(write_suite, change, found):
    type_, kwargs = "expect_column_values_to_be_null", {"column": "_cast_failures"}
    write_suite({"id": "every_cell_readable", "type": type_, "kwargs": kwargs, **change})

    with pytest.raises(SuiteError, match=f"must always go to quarantine. Found: {found}. Change only 'mostly'"):
        suite_of(VISITS)


def test_an_unreadable_required_cell_sends_its_row_to_quarantine(spark):
    schema = raw_schema(VISITS)
    lineage = (None, None, "visits", True, None, None, "a.csv")
    raw = spark.createDataFrame(
        [
            ("2024-05-01", "Central", "12", "3", *lineage, 2),
            ("soon", "Central", "12", "3", *lineage, 3),
            ("2024-05-02", "Central", "many", "3", *lineage, 4),
            ("2024-05-03", "Central", "12", "few", *lineage, 5),
        ],
        schema,
    )
    gate = compile_gate(build_candidates(raw, dataset=VISITS), suite=suite_of(VISITS))
    marked = gate.rows.collect()

    assert {row._row_number for row in marked if row._quarantined} == {3, 4}
