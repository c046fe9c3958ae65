"""Test that the runner and the template pass each parameter of a workflow to the right jobs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs import dataset, maintain, report
from jobs.arguments import Arguments
from jobs.job import Job
from jobs.masking_key import MASKING_KEY_HELP
from transforms.dataset import Dataset
from transforms.datasets import dataset_names, load_dataset
from workflows.cloudformation import render
from workflows.model import Condition, linear_workflow
from workflows.parts import workflow_of
from workflows.runner import run_workflow, spark_job_runner

PLAIN = Dataset("d", "a description", layouts={}, build=lambda raw: raw, key=(), revision_order=(), answers={})
KEYED = linear_workflow(replace(PLAIN, uses_masking_key=True))
REGISTRAR = linear_workflow(load_dataset("registrar"))


def record_arguments(monkeypatch: pytest.MonkeyPatch) -> list[Arguments]:
    """Replace the jobs with jobs that only record arguments. Return the recorded arguments."""
    recorded: list[Arguments] = []

    class Recorder(Job):
        def run(self, spark: None, args: Arguments) -> list:
            recorded.append(args)
            return []

    for module in (dataset, maintain, report):
        monkeypatch.setattr(module, "JOB", Recorder(module.JOB.name, module.JOB.stages))
    return recorded


def test_linear_workflow_chains_its_jobs() -> None:
    """Each job starts after the previous job has succeeded."""
    plain = linear_workflow(PLAIN)

    assert (plain.name, plain.description, plain.required_parameters) == ("d", "a description", {})
    assert [(job.name, job.module, job.arguments) for job in plain.jobs] == [
        ("d_ingest", "dataset", {"--dataset": "d", "--stage": "ingest"}),
        ("d_refine", "dataset", {"--dataset": "d", "--stage": "refine"}),
        ("d_curate", "dataset", {"--dataset": "d", "--stage": "curate"}),
        ("d_maintain", "maintain", {"--dataset": "d"}),
        ("d_report", "report", {"--dataset": "d"}),
    ]
    waits = [(trigger.starts, trigger.predicate and trigger.predicate.conditions) for trigger in plain.triggers]
    assert waits == [
        (("d_ingest",), None),
        (("d_refine",), (Condition("d_ingest", "SUCCEEDED"),)),
        (("d_curate",), (Condition("d_refine", "SUCCEEDED"),)),
        (("d_maintain",), (Condition("d_curate", "SUCCEEDED"),)),
        (("d_report",), (Condition("d_maintain", "SUCCEEDED"),)),
    ]


def test_only_the_refine_job_has_a_masking_key() -> None:
    keyed = [job.name for job in KEYED.jobs if "--masking-key" in job.parameters]

    assert keyed == ["d_refine"]
    assert KEYED.required_parameters == {"--masking-key": MASKING_KEY_HELP}


def test_jobs_that_validate_take_suite_parameters() -> None:
    """The parameter is optional. The other jobs of the workflow do not take it."""
    assert [job.name for job in KEYED.jobs if "--parameter" in job.parameters] == ["d_refine"]
    template = render(KEYED)
    assert (template["Parameters"]["Parameter"]["Default"], "--parameter" in KEYED.required_parameters) == ("", False)
    arguments = template["Resources"]["DRefineJob"]["Properties"]["DefaultArguments"]
    assert arguments["--parameter"] == {"Ref": "Parameter"}
    police = workflow_of("police_dispatch")
    assert [job.arguments["--stage"] for job in police.jobs if "--parameter" in job.parameters] == [
        "create",
        "check_quality",
        "publish",
    ]


def test_a_workflow_has_a_report_only_if_the_parameter_is_given() -> None:
    without, with_report = KEYED.with_parameters(["--masking-key"]), KEYED.with_parameters(["--report-to"])

    assert [job.name for job in without.jobs] == [job.name for job in KEYED.jobs][:-1]
    assert [trigger.starts for trigger in without.triggers][-1] == ("d_maintain",)
    assert with_report == KEYED


def test_runner_passes_only_declared_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = record_arguments(monkeypatch)
    parameters = {"--masking-key": "key.txt", "--other": "x", "--report-to": "s3://city/reports"}
    parameters["--parameter"] = '{"low": 5}'

    run_job = spark_job_runner(None, REGISTRAR, landing="l", warehouse="w", run_id="r", parameters=parameters)
    done = run_workflow(REGISTRAR, run_job=run_job, report=lambda run: None)

    assert [(run.state, run.error) for run in done.values()] == [("SUCCEEDED", None)] * 5
    assert [args.parameters for args in recorded] == [{}, {"low": 5}, {}, {}, {}]
    assert [args.report_to for args in recorded] == [None, None, None, None, "s3://city/reports"]
    assert [(args.stages, args.masking_key, args.run_id, args.workflow) for args in recorded] == [
        (("ingest",), None, "r", "registrar"),
        (("refine",), "key.txt", "r", "registrar"),
        (("curate",), None, "r", "registrar"),
        (("compact", "expire", "remove_orphans"), None, "r", "registrar"),
        (("publish_report",), None, "r", "registrar"),
    ]


@pytest.mark.parametrize("rebuild", [True, False])
def test_every_job_gets_the_rebuild_option(monkeypatch: pytest.MonkeyPatch, rebuild: bool) -> None:
    recorded = record_arguments(monkeypatch)

    run_job = spark_job_runner(None, REGISTRAR, landing="l", warehouse="w", run_id="r", rebuild=rebuild)
    run_workflow(REGISTRAR, run_job=run_job, report=lambda run: None)

    assert [args.rebuild for args in recorded] == [rebuild] * 5


def test_template_passes_only_declared_parameters() -> None:
    template = render(KEYED)

    assert template["Parameters"]["MaskingKey"] == {"Type": "String", "Description": MASKING_KEY_HELP}
    arguments = {
        name: resource["Properties"]["DefaultArguments"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Glue::Job"
    }
    assert [name for name in arguments if "--masking-key" in arguments[name]] == ["DRefineJob"]
    assert arguments["DRefineJob"]["--masking-key"] == {"Ref": "MaskingKey"}
    assert [name for name in arguments if "--report-to" in arguments[name]] == ["DReportJob"]


def test_template_has_a_report_job_only_if_its_parameter_is_not_empty() -> None:
    template = render(KEYED)
    conditional = {name for name, resource in template["Resources"].items() if "Condition" in resource}

    assert template["Parameters"]["ReportTo"]["Default"] == ""
    assert template["Conditions"]["HasReportTo"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReportTo"}, ""]}]}
    assert conditional == {"DReportJob", "DMaintainSucceededTrigger"}


@pytest.mark.parametrize("dataset", dataset_names())
def test_only_masked_datasets_have_a_key_parameter(dataset: str) -> None:
    masks = dataset in ("registrar", "service_requests")
    workflow = workflow_of(dataset)
    keyed = [job.name for job in workflow.jobs if "--masking-key" in job.parameters]

    assert keyed == ([f"{dataset}_refine"] if masks else [])
    assert ("MaskingKey" in render(workflow)["Parameters"]) == masks


@pytest.mark.parametrize("dataset", dataset_names())
def test_every_workflow_ends_with_maintenance_and_the_report(dataset: str) -> None:
    last = workflow_of(dataset).jobs[-2:]

    assert [(job.module, job.arguments) for job in last] == [
        ("maintain", {"--dataset": dataset}),
        ("report", {"--dataset": dataset}),
    ]
