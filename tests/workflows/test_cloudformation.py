import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from transforms.datasets import dataset_names
from workflows.cloudformation import render
from workflows.model import Job, Trigger, Workflow
from workflows.parts import workflow_of


@pytest.mark.parametrize("dataset", dataset_names())
def test_cfn_lint_finds_no_problems_in_the_template(dataset: str, tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    template.write_text(json.dumps(render(workflow_of(dataset))))

    lint = Path(sys.executable).with_name("cfn-lint")
    found = subprocess.run([lint, "-r", "us-east-1", "--", template], capture_output=True, text=True)

    assert (found.returncode, found.stdout) == (0, "")


def test_glue_and_package_versions_are_pinned() -> None:
    resources = render(workflow_of("contact_centre"))["Resources"]
    jobs = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Glue::Job"]

    assert [job["DefaultArguments"].get("--stage") for job in jobs] == ["ingest", "refine", "curate", None, None]
    wheel = "s3://${Bucket}/citylake/0.1.0/citylake-0.1.0-py3-none-any.whl"
    packages = [*["python-calamine==0.9.1"] * 4, "altair==6.3.0,jinja2==3.1.6,vl-convert-python==1.9.0.post1"]
    for job, modules in zip(jobs, packages, strict=True):
        assert (job["GlueVersion"], job["WorkerType"], job["Timeout"]) == ("5.1", "G.1X", 30)
        assert job["DefaultArguments"]["--additional-python-modules"] == {"Fn::Sub": f"{wheel},{modules}"}


def test_conditional_triggers_wait_for_the_previous_job() -> None:
    resources = render(workflow_of("contact_centre"))["Resources"]
    trigger = resources["ContactCentreRefineSucceededTrigger"]["Properties"]

    assert trigger["StartOnCreation"] is True
    assert trigger["Actions"] == [{"JobName": {"Ref": "ContactCentreCurateJob"}}]
    assert trigger["Predicate"]["Conditions"] == [
        {"LogicalOperator": "EQUALS", "JobName": {"Ref": "ContactCentreRefineJob"}, "State": "SUCCEEDED"}
    ]


@pytest.mark.parametrize("dataset", dataset_names())
def test_workflow_without_schedule_starts_on_demand(dataset: str) -> None:
    template = render(workflow_of(dataset))
    schedule, is_scheduled = template["Parameters"]["Schedule"], template["Conditions"]["IsScheduled"]
    triggers = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::Glue::Trigger"]
    (start,) = [trigger for trigger in triggers if "Predicate" not in trigger]

    assert schedule["Default"] == ""
    assert [
        bool(re.fullmatch(schedule["AllowedPattern"], text)) for text in ("", "cron(0 6 * * ? *)", "6 * * * *")
    ] == [
        *(True, True, False),
    ]
    assert is_scheduled == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Schedule"}, ""]}]}
    nothing = {"Ref": "AWS::NoValue"}
    assert {name: start[name]["Fn::If"] for name in ("Type", "Schedule", "StartOnCreation")} == {
        "Type": ["IsScheduled", "SCHEDULED", "ON_DEMAND"],
        "Schedule": ["IsScheduled", {"Ref": "Schedule"}, nothing],
        "StartOnCreation": ["IsScheduled", True, nothing],
    }


def test_workflow_schedule_is_the_parameter_default() -> None:
    start = Trigger("w_start", ("a",), type="SCHEDULED", schedule="cron(0 5 * * ? *)")

    template = render(Workflow("w", "", (Job("a", "m"),), (start,)))

    assert template["Parameters"]["Schedule"]["Default"] == "cron(0 5 * * ? *)"


def test_each_trigger_depends_on_the_previous_trigger() -> None:
    resources = render(workflow_of("contact_centre"))["Resources"]
    triggers = {name: each.get("DependsOn") for name, each in resources.items() if each["Type"] == "AWS::Glue::Trigger"}

    assert [*triggers.values()] == [None, *[*triggers][:-1]]
