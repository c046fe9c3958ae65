"""Run a workflow on this machine, with the same jobs, arguments and order as on Glue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from pyspark.sql import SparkSession

from jobs.job import Job as GlueJob
from lake.ledger import StageRun
from workflows.model import Job, Trigger, Workflow


@dataclass(frozen=True)
class JobRun:
    """The run of a job within the run of a workflow.

    Attributes:
        job: The job.
        state: `RUNNING`, `SUCCEEDED` or `FAILED`. `NOT STARTED` if no trigger started the job.
        seconds: The duration of the job.
        error: The error that the job raised, or None.
        entries: The records of the job's stages in the run ledger.
    """

    job: Job
    state: str
    seconds: float = 0.0
    error: Exception | None = None
    entries: tuple[StageRun, ...] = ()


def run_workflow(
    workflow: Workflow, *, run_job: Callable[[Job], Sequence[StageRun]], report: Callable[[JobRun], None]
) -> dict[str, JobRun]:
    """Run the jobs of a workflow one after another: first the jobs of the start trigger, then the triggered jobs.

    `report` is called when a job starts and when a job ends. If a job fails, the error is not raised, and the workflow
    continues with the triggers whose predicates are met. The result has the state and the error of every job, including
    jobs that were not started.
    """
    runs: dict[str, JobRun] = {}
    for trigger in _firing(workflow, runs):
        for name in trigger.starts:
            job, began = workflow.job(name), time.monotonic()
            report(JobRun(job, "RUNNING"))
            error: Exception | None = None
            entries: Sequence[StageRun] = ()
            try:
                entries = run_job(job)
            except Exception as raised:  # noqa: BLE001 - Glue also marks a job FAILED on any error, and continues.
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
    text_options: Mapping[str, str] | None = None,
) -> Callable[[Job], Sequence[StageRun]]:
    """Return a function that runs a job in this process, with the arguments that Glue would pass to the job.

    `parameters` maps the `--KEY` of each parameter to its value. If `rebuild` is true, the jobs process all rows and
    answers again. `text_options` are the options for the format of text files, such as `{"--delimiter": ";"}`.
    """

    def run_job(job: Job) -> Sequence[StageRun]:
        arguments = {
            **job.arguments,
            **(text_options or {}),
            **{key: value for key, value in (parameters or {}).items() if key in job.parameters},
            "--rebuild": str(rebuild),
            "--landing": landing,
            "--warehouse": warehouse,
            "--JOB_NAME": job.name,
            "--WORKFLOW_NAME": workflow.name,
            "--WORKFLOW_RUN_ID": run_id,
        }
        argv = [text for pair in arguments.items() for text in pair]
        glue_job: GlueJob = import_module(f"jobs.{job.module}").JOB
        return glue_job.run(spark, glue_job.parse(argv))

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
