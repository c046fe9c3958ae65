"""A workflow as a CloudFormation template for AWS Glue."""

from __future__ import annotations

import re
from importlib import metadata
from itertools import pairwise
from typing import Any

from workflows.model import Job, Trigger, Workflow

GLUE_VERSION = "5.1"
"""Pinned: a job without a version gets Glue's newest, and Glue 6.0's Spark 4.1 has other rules (ANSI)."""


def render(workflow: Workflow) -> dict[str, Any]:
    """Return the template: the workflow, its jobs and its triggers.

    It takes the bucket that the wheel and the scripts were copied to (`citylake/<version>/`), the landing folder, the
    warehouse, the jobs' role, a schedule, and what parameters the jobs have, as parameters.
    """
    start = next(trigger for trigger in workflow.triggers if not trigger.predicate)
    resources: dict[str, Any] = {
        "Workflow": {
            "Type": "AWS::Glue::Workflow",
            # A second run beside the first would only be refused at the fast-forward.
            "Properties": {"Name": workflow.name, "Description": workflow.description, "MaxConcurrentRuns": 1},
        }
    }
    resources |= {_logical_id(job.name, "Job"): _job(job) for job in workflow.jobs}
    triggers = {_logical_id(trigger.name, "Trigger"): _trigger(trigger) for trigger in workflow.triggers}
    for before, after in pairwise(triggers):
        triggers[after]["DependsOn"] = before  # Of two that are added at once, Glue refuses one.
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"CityLake {_version()}: {workflow.description}",
        "Parameters": {
            "Bucket": {"Type": "String", "Description": "Bucket that holds citylake/<version>/ (wheel and scripts)"},
            "Landing": {"Type": "String", "Description": "s3:// folder that the files are delivered to"},
            "Warehouse": {"Type": "String", "Description": "s3:// folder of the tables"},
            "RoleArn": {"Type": "String", "Description": "Role of the jobs: Glue, and both folders"},
            "Schedule": {
                "Type": "String",
                "Default": start.schedule or "",
                "AllowedPattern": r"(cron\(.+\))?",
                "Description": "When it starts, such as cron(0 6 * * ? *), in UTC; empty: on demand only",
            },
            **{_parameter(key): {"Type": "String", "Description": what} for key, what in workflow.parameters.items()},
        },
        "Conditions": {"IsScheduled": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Schedule"}, ""]}]}},
        "Resources": resources | triggers,
    }


def _job(job: Job) -> dict[str, Any]:
    folder = f"s3://${{Bucket}}/citylake/{_version()}"
    modules = ",".join([f"{folder}/citylake-{_version()}-py3-none-any.whl", *_requirements("excel")])
    return {
        "Type": "AWS::Glue::Job",
        "Properties": {
            "Name": job.name,
            "Role": {"Ref": "RoleArn"},
            "GlueVersion": GLUE_VERSION,
            "WorkerType": job.worker_type,
            "NumberOfWorkers": job.workers,
            "Timeout": job.timeout,
            "MaxRetries": 1,  # Safe: a stage that is run again gives the same tables.
            "ExecutionProperty": {"MaxConcurrentRuns": 1},
            "Command": {
                "Name": "glueetl",
                "PythonVersion": "3",
                "ScriptLocation": {"Fn::Sub": f"{folder}/{job.module}.py"},
            },
            "DefaultArguments": {
                **job.arguments,
                **{key: {"Ref": _parameter(key)} for key in job.parameters},
                "--landing": {"Ref": "Landing"},
                "--warehouse": {"Ref": "Warehouse"},
                "--datalake-formats": "iceberg",
                "--additional-python-modules": {"Fn::Sub": modules},
                "--enable-observability-metrics": "true",
                "--enable-continuous-cloudwatch-log": "true",
            },
        },
    }


def _trigger(trigger: Trigger) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "Name": trigger.name,
        "Type": trigger.type,
        "WorkflowName": {"Ref": "Workflow"},
        "Actions": [{"JobName": {"Ref": _logical_id(name, "Job")}} for name in trigger.starts],
        "StartOnCreation": True,  # Else Glue creates it asleep.
    }
    if trigger.predicate:
        properties["Predicate"] = {
            "Logical": trigger.predicate.logical,
            "Conditions": [
                {"LogicalOperator": "EQUALS", "JobName": {"Ref": _logical_id(c.job, "Job")}, "State": c.state}
                for c in trigger.predicate.conditions
            ],
        }
    else:
        nothing = {"Ref": "AWS::NoValue"}
        properties["Type"] = _if_scheduled("SCHEDULED", "ON_DEMAND")
        properties["Schedule"] = _if_scheduled({"Ref": "Schedule"}, nothing)
        properties["StartOnCreation"] = _if_scheduled(True, nothing)
    return {"Type": "AWS::Glue::Trigger", "Properties": properties}


def _if_scheduled(then: Any, otherwise: Any) -> dict[str, Any]:
    return {"Fn::If": ["IsScheduled", then, otherwise]}


def _logical_id(name: str, kind: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"\W|_", name)) + kind


def _parameter(key: str) -> str:
    return "".join(part.capitalize() for part in key.split("-"))


def _version() -> str:
    return metadata.version("citylake")


def _requirements(extra: str) -> list[str]:
    """Return the pins of one of the package's extras."""
    required = metadata.requires("citylake") or []
    return [line.split(";")[0].strip() for line in required if f'extra == "{extra}"' in line]
