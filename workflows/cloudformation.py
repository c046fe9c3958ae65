"""Render a workflow as a CloudFormation template for AWS Glue."""

from __future__ import annotations

import re
from importlib import metadata
from itertools import pairwise
from typing import Any

from workflows.model import Job, Trigger, Workflow

GLUE_VERSION = "5.1"
"""The pinned Glue version. Without a pinned version, Glue uses its newest version.

Glue 6.0 has Spark 4.1, which uses ANSI rules.
"""


def render(workflow: Workflow) -> dict[str, Any]:
    """Return the template of a workflow, its jobs and its triggers.

    The parameters of the template are the bucket, the landing folder, the warehouse, the role of the jobs, a schedule,
    and the parameters of the jobs. The folder `citylake/<version>/` of the bucket must have the wheel and the scripts.
    """
    start = next(trigger for trigger in workflow.triggers if not trigger.predicate)
    resources: dict[str, Any] = {
        "Workflow": {
            "Type": "AWS::Glue::Workflow",
            # Two runs at the same time could not both publish: the fast-forward of the later run would fail.
            "Properties": {"Name": workflow.name, "Description": workflow.description, "MaxConcurrentRuns": 1},
        }
    }
    resources |= {_logical_id(job.name, "Job"): _job(job) for job in workflow.jobs}
    triggers = {_logical_id(trigger.name, "Trigger"): _trigger(trigger) for trigger in workflow.triggers}
    for trigger in workflow.triggers:
        if enabled := [workflow.job(name) for name in trigger.starts if workflow.job(name).enabled_by]:
            triggers[_logical_id(trigger.name, "Trigger")]["Condition"] = _condition(enabled[0])
    for before, after in pairwise(triggers):
        triggers[after]["DependsOn"] = before  # Glue rejects triggers that are created at the same time.
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"CityLake {_version()}: {workflow.description}",
        "Parameters": {
            "Bucket": {"Type": "String", "Description": "Bucket with the wheel and the scripts in citylake/<version>/"},
            "Landing": {"Type": "String", "Description": "s3:// folder to which the files are delivered"},
            "Warehouse": {"Type": "String", "Description": "s3:// folder of the tables"},
            "RoleArn": {
                "Type": "String",
                "Description": "Role of the jobs, with access to Glue, the landing folder and the warehouse",
            },
            "Schedule": {
                "Type": "String",
                "Default": start.schedule or "",
                "AllowedPattern": r"(cron\(.+\))?",
                "Description": "Start times in UTC, such as cron(0 6 * * ? *). If empty, start on demand only",
            },
            **{_parameter(key): _describe_parameter(workflow, key) for key in workflow.parameters},
        },
        "Conditions": {
            "IsScheduled": _is_set("Schedule"),
            **{_condition(job): _is_set(_parameter(job.enabled_by)) for job in workflow.jobs if job.enabled_by},
        },
        "Resources": resources | triggers,
    }


def _job(job: Job) -> dict[str, Any]:
    folder = f"s3://${{Bucket}}/citylake/{_version()}"
    required = (line for extra in job.extras for line in _requirements(extra))
    modules = ",".join([f"{folder}/citylake-{_version()}-py3-none-any.whl", *required])
    return {
        "Type": "AWS::Glue::Job",
        **({"Condition": _condition(job)} if job.enabled_by else {}),
        "Properties": {
            "Name": job.name,
            "Role": {"Ref": "RoleArn"},
            "GlueVersion": GLUE_VERSION,
            "WorkerType": job.worker_type,
            "NumberOfWorkers": job.workers,
            "Timeout": job.timeout,
            "MaxRetries": 1,  # A retry is safe, because the stages are idempotent.
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


def _describe_parameter(workflow: Workflow, key: str) -> dict[str, str]:
    """Return the parameter of a template. A parameter that is not required can be empty."""
    description = {"Type": "String", "Description": workflow.parameters[key]}
    return description if key in workflow.required_parameters else {**description, "Default": ""}


def _condition(job: Job) -> str:
    return f"Has{_parameter(job.enabled_by)}"


def _is_set(parameter: str) -> dict[str, Any]:
    return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}


def _trigger(trigger: Trigger) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "Name": trigger.name,
        "Type": trigger.type,
        "WorkflowName": {"Ref": "Workflow"},
        "Actions": [{"JobName": {"Ref": _logical_id(name, "Job")}} for name in trigger.starts],
        "StartOnCreation": True,  # By default, Glue creates a deactivated trigger.
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
        no_value = {"Ref": "AWS::NoValue"}
        properties["Type"] = _if_scheduled("SCHEDULED", "ON_DEMAND")
        properties["Schedule"] = _if_scheduled({"Ref": "Schedule"}, no_value)
        properties["StartOnCreation"] = _if_scheduled(True, no_value)
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
    """Return the pinned requirements of one of the package's extras."""
    required = metadata.requires("citylake") or []
    return [line.split(";")[0].strip() for line in required if f'extra == "{extra}"' in line]
