"""A job's parameters: what is said only where a workflow is run or deployed, such as where the masking key is."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

import pytest

from workflows.cli import datasets
from workflows.cloudformation import render
from workflows.model import Condition, in_stages
from workflows.runner import run_workflow, spark_job_runner

KEYED = in_stages("d", "what comes of it", parameters={"refine": {"--masking-key": "where the key is"}})


def test_in_stages_is_a_chain_of_three_jobs_each_after_the_success_of_the_one_before() -> None:
    plain = in_stages("d", "what comes of it")

    assert (plain.name, plain.description, plain.parameters) == ("d", "what comes of it", {})
    assert [(job.name, job.module, job.arguments["--stage"]) for job in plain.jobs] == [
        ("d_ingest", "d", "ingest"), ("d_refine", "d", "refine"), ("d_curate", "d", "curate"),
    ]  # fmt: skip
    waits = [(trigger.starts, trigger.predicate and trigger.predicate.conditions) for trigger in plain.triggers]
    assert waits == [
        (("d_ingest",), None),
        (("d_refine",), (Condition("d_ingest", "SUCCEEDED"),)),
        (("d_curate",), (Condition("d_refine", "SUCCEEDED"),)),
    ]


def test_a_parameter_is_the_stages_and_the_workflows() -> None:
    assert [dict(job.parameters) for job in KEYED.jobs] == [{}, {"--masking-key": "where the key is"}, {}]
    assert KEYED.parameters == {"--masking-key": "where the key is"}


def test_the_runner_hands_a_parameter_to_the_job_that_has_it_and_to_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    job = ModuleType("jobs.d")
    job.STAGES = dict.fromkeys(("ingest", "refine", "curate"))
    job.run = lambda spark, args: given.append((args.stages, args.masking_key, args.run_id, args.workflow)) or []
    monkeypatch.setitem(sys.modules, "jobs.d", job)
    parameters = {"--masking-key": "key.txt", "--other": "x"}

    run_job = spark_job_runner(None, KEYED, landing="l", warehouse="w", run_id="r", parameters=parameters)
    done = run_workflow(KEYED, run_job=run_job, report=lambda run: None)

    assert [(run.state, run.error) for run in done.values()] == [("SUCCEEDED", None)] * 3
    assert given == [
        (("ingest",), None, "r", "d"), (("refine",), "key.txt", "r", "d"), (("curate",), None, "r", "d"),
    ]  # fmt: skip


@pytest.mark.parametrize("rebuild", [True, False])
def test_the_runner_tells_each_job_whether_to_rebuild(monkeypatch: pytest.MonkeyPatch, rebuild: bool) -> None:
    given = []
    job = ModuleType("jobs.d")
    job.STAGES = dict.fromkeys(("ingest", "refine", "curate"))
    job.run = lambda spark, args: given.append(args.rebuild) or []
    monkeypatch.setitem(sys.modules, "jobs.d", job)

    run_job = spark_job_runner(None, KEYED, landing="l", warehouse="w", run_id="r", rebuild=rebuild)
    run_workflow(KEYED, run_job=run_job, report=lambda run: None)

    assert given == [rebuild] * 3


def test_a_template_takes_the_parameter_and_hands_it_to_the_job_that_has_it() -> None:
    template = render(KEYED)

    assert template["Parameters"]["MaskingKey"] == {"Type": "String", "Description": "where the key is"}
    jobs = {
        name: resource["Properties"]["DefaultArguments"].get("--masking-key")
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Glue::Job"
    }
    assert jobs == {"DIngestJob": None, "DRefineJob": {"Ref": "MaskingKey"}, "DCurateJob": None}


@pytest.mark.parametrize("dataset", datasets())
def test_only_two_datasets_mask_and_only_where_they_refine(dataset: str) -> None:
    masks = dataset in ("registrar", "service_requests")
    workflow = import_module(f"workflows.{dataset}").WORKFLOW
    keyed = [job.name for job in workflow.jobs if "--masking-key" in job.parameters]

    assert keyed == ([f"{dataset}_refine"] if masks else [])
    assert ("MaskingKey" in render(workflow)["Parameters"]) == masks
