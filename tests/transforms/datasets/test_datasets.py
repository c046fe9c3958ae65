"""For each dataset, test the rules that jobs and reports rely on."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest

import transforms.datasets
from expectations.standard import load_suite
from tests.transforms.datasets.frames import assert_plan_has_no_python, raw_schema, source_columns
from transforms.candidates import build_candidates
from transforms.datasets import dataset_names, load_dataset
from transforms.errors import MissingColumnError


def build(spark, dataset, schema=None):
    key = b"k" * 32 if dataset.uses_masking_key else None
    raw = spark.createDataFrame([], schema or raw_schema(dataset))
    return build_candidates(raw, dataset=dataset, masking_key=key)


@pytest.fixture(params=dataset_names(), scope="module")
def dataset(request):
    return load_dataset(request.param)


@pytest.fixture(scope="module")
def candidates(spark, dataset):
    """Return the candidates of an empty raw table. A dataset must not start a Spark job to build them."""
    scheduler = spark.sparkContext._jsc.sc().dagScheduler()
    jobs = scheduler.numTotalJobs()
    candidates = build(spark, dataset)
    assert scheduler.numTotalJobs() == jobs
    return candidates


def test_candidates_have_all_required_columns(candidates, dataset):
    """The dataset and its suite define the required columns."""
    suite_columns = {name for expectation in load_suite(dataset.name).expectations for name in expectation.columns}
    assert suite_columns | {*dataset.key, *dataset.revision_order} <= {*candidates.columns}
    if dataset.event_time:
        types = {"timestamp"} if dataset.is_incremental else {"timestamp", "date"}
        assert dict(candidates.dtypes)[dataset.event_time] in types
    if dataset.is_incremental:
        assert dataset.pruning_column in candidates.columns
    assert dataset.pruning_column in (None, *candidates.columns)


def test_datasets_start_no_job_or_python_worker(spark, candidates, dataset, count_jobs):
    """The candidates and answers of empty tables are also empty."""
    # If the answers read `candidates`, Spark would plan the candidates again for each answer.
    table = spark.createDataFrame([], candidates.schema)
    answers = {name: answer.build(*[table] * len(answer.reads)) for name, answer in dataset.answers.items()}
    frames = {"candidates": candidates, **answers}
    for frame in frames.values():
        assert_plan_has_no_python(frame)
    assert count_jobs() == 0
    assert [name for name, frame in frames.items() if frame.collect()] == []


def test_error_suggests_the_renamed_source_column(spark, dataset):
    column = source_columns(dataset)[1]
    schema = raw_schema(dataset).replace(f"`{column}`", f"`{column} 2`")

    with pytest.raises(MissingColumnError, match=f"{column!r} is missing.*rename it to '{column} 2'"):
        build(spark, dataset, schema)


def test_every_build_function_is_registered_in_the_dataset(dataset):
    package = import_module(f"{transforms.datasets.__name__}.{dataset.name}")
    modules = [package] + [
        import_module(f"{package.__name__}.{module.name}") for module in iter_modules(getattr(package, "__path__", []))
    ]
    names = ("build_", "complete_")
    functions = {value for module in modules for name, value in vars(module).items() if name.startswith(names)}
    answers = {answer.build for answer in dataset.answers.values()}

    assert functions <= {dataset.build, dataset.build_layout, dataset.complete, *answers}


def test_every_masking_rule_has_a_reason(dataset):
    assert all(rule.reason for rule in dataset.masking_policy)
