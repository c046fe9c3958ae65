import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from workflows.cli import datasets
from workflows.cloudformation import render


@pytest.mark.parametrize("dataset", datasets())
def test_cfn_lint_finds_nothing(dataset: str, tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    template.write_text(json.dumps(render(import_module(f"workflows.{dataset}").WORKFLOW)))

    lint = Path(sys.executable).with_name("cfn-lint")
    found = subprocess.run([lint, "-r", "us-east-1", "--", template], capture_output=True, text=True)

    assert (found.returncode, found.stdout) == (0, "")


def test_what_must_be_pinned_is_pinned() -> None:
    resources = render(import_module("workflows.contact_centre").WORKFLOW)["Resources"]
    jobs = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Glue::Job"]

    assert [job["DefaultArguments"]["--stage"] for job in jobs] == ["ingest", "refine", "curate"]
    for job in jobs:
        assert (job["GlueVersion"], job["WorkerType"], job["Timeout"]) == ("5.1", "G.1X", 30)
        assert job["DefaultArguments"]["--additional-python-modules"] == {
            "Fn::Sub": "s3://${Bucket}/citylake/0.1.0/citylake-0.1.0-py3-none-any.whl,python-calamine==0.9.1"
        }


def test_conditional_triggers_are_awake_and_wait_for_success() -> None:
    resources = render(import_module("workflows.contact_centre").WORKFLOW)["Resources"]
    trigger = resources["ContactCentreRefineSucceededTrigger"]["Properties"]

    assert trigger["StartOnCreation"] is True
    assert trigger["Actions"] == [{"JobName": {"Ref": "ContactCentreCurateJob"}}]
    assert trigger["Predicate"]["Conditions"] == [
        {"LogicalOperator": "EQUALS", "JobName": {"Ref": "ContactCentreRefineJob"}, "State": "SUCCEEDED"}
    ]
