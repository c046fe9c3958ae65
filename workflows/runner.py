"""Runs a workflow on this machine: the same jobs with the same arguments as on Glue, in trigger order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from pyspark.sql import SparkSession

from jobs.arguments import parse_arguments
from lake.ledger import Entry
from workflows.model import Job, Trigger, Workflow


@dataclass(frozen=True)
class JobRun:
    """A job's run in a workflow's run.

    Attributes:
        job: The job.
        state: `RUNNING`, `SUCCEEDED` or `FAILED`; `NOT STARTED` where its trigger never fired.
        seconds: How long it took.
        error: What it raised.
        entries: What the run ledger says of its stages.
    """

    job: Job
    state: str
    seconds: float = 0.0
    error: Exception | None = None
    entries: tuple[Entry, ...] = ()


def run_workflow(
    workflow: Workflow, *, run_job: Callable[[Job], Sequence[Entry]], report: Callable[[JobRun], None]
) -> dict[str, JobRun]:
    """Run a workflow's jobs one after another: the start trigger's, then those of each trigger whose predicate is met.

    A job that fails is reported and the workflow goes on as its triggers say; jobs whose triggers never fire are not
    started. `report` is called when a job starts and when it ends. Nothing is raised: look at the states.
    """
    runs: dict[str, JobRun] = {}
    for trigger in _firing(workflow, runs):
        for name in trigger.starts:
            job, began = workflow.job(name), time.monotonic()
            report(JobRun(job, "RUNNING"))
            error: Exception | None = None
            entries: Sequence[Entry] = ()
            try:
                entries = run_job(job)
            except Exception as raised:  # noqa: BLE001 - whatever a job raises, Glue calls it FAILED and goes on
                error = raised
            state, seconds = "FAILED" if error else "SUCCEEDED", time.monotonic() - began
            runs[name] = JobRun(job, state, seconds, error, tuple(entries))
            report(runs[name])
    return {job.name: runs.get(job.name, JobRun(job, "NOT STARTED")) for job in workflow.jobs}


def spark_job_runner(
    spark: SparkSession,
    workflow: Workflow,
    *,
    landing: str,
    warehouse: str,
    run_id: str,
    parameters: Mapping[str, str] | None = None,
    rebuild: bool = False,
) -> Callable[[Job], Sequence[Entry]]:
    """Return what runs a job in this process, with the arguments that Glue would pass to it.

    `parameters` are the values of the jobs' parameters; `rebuild` makes trusted anew of all that raw has.
    """

    def run_job(job: Job) -> Sequence[Entry]:
        arguments = {
            **job.arguments,
            **{key: given for key, given in (parameters or {}).items() if key in job.parameters},
            "--rebuild": str(rebuild),
            "--landing": landing,
            "--warehouse": warehouse,
            "--JOB_NAME": job.name,
            "--WORKFLOW_NAME": workflow.name,
            "--WORKFLOW_RUN_ID": run_id,
        }
        argv = [text for pair in arguments.items() for text in pair]
        module = import_module(f"jobs.{job.module}")
        entries: Sequence[Entry] = module.run(spark, parse_arguments(job.module, argv, stages=tuple(module.STAGES)))
        return entries

    return run_job


def _firing(workflow: Workflow, runs: dict[str, JobRun]) -> Iterator[Trigger]:
    waiting = list(workflow.triggers)
    while True:
        states = {name: run.state for name, run in runs.items()}
        ready = next((t for t in waiting if t.predicate is None or t.predicate.is_met(states)), None)
        if ready is None:
            return
        waiting.remove(ready)
        yield ready
