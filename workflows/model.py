"""A workflow of AWS Glue: jobs, and the triggers that start the jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import pairwise

from expectations.parameters import PARAMETER_HELP
from jobs.arguments import REPORT_TO_HELP, STAGES
from jobs.masking_key import MASKING_KEY_HELP
from jobs.stages import STAGES_THAT_MASK, STAGES_WITH_SUITE
from transforms.dataset import Dataset
from workflows.errors import WorkflowError

JOB_STATES = ("SUCCEEDED", "STOPPED", "TIMEOUT", "FAILED")
"""The states that a condition can wait for. CloudFormation accepts no other states."""

REPORT_TO = "--report-to"
"""The parameter that enables the report of a workflow."""

SUITE_PARAMETER = "--parameter"
"""The parameter with the values of suite parameters. The value can be empty."""

START_TYPES = ("ON_DEMAND", "SCHEDULED")


@dataclass(frozen=True)
class Job:
    """A job of a workflow.

    Attributes:
        name: The name of the job in Glue.
        module: The module in `jobs/` that the job runs.
        arguments: The fixed arguments. Maps each `--KEY` to its value.
        parameters: The arguments whose values are set when the workflow is deployed or started. Maps each `--KEY` to
            the description of the argument.
        timeout: Minutes until Glue stops the job.
        worker_type: Glue's worker type, such as `G.1X` (4 vCPU, 16 GB).
        workers: Number of workers, including the driver.
        extras: The extras of the wheel whose packages the job needs.
        enabled_by: The `--KEY` of the parameter that enables the job. If the parameter is empty, the workflow has no
            such job. Empty for jobs that every workflow has.
    """

    name: str
    module: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    timeout: int = 30
    worker_type: str = "G.1X"
    workers: int = 2
    extras: tuple[str, ...] = ("excel",)
    enabled_by: str = ""


@dataclass(frozen=True)
class Condition:
    """A condition of a trigger. The condition is met if the job has ended in the given state."""

    job: str
    state: str = "SUCCEEDED"


@dataclass(frozen=True)
class Predicate:
    """The conditions of a trigger.

    If `logical` is `AND`, all conditions must be met. If `logical` is `ANY`, at least one condition must be met.
    """

    conditions: tuple[Condition, ...]
    logical: str = "AND"

    def is_met(self, states: Mapping[str, str]) -> bool:
        """Return whether the states of the jobs meet the conditions."""
        return self._combined(states.get(condition.job) == condition.state for condition in self.conditions)

    def can_be_met(self, jobs: Set[str]) -> bool:
        """Return whether the conditions can be met if only these jobs are started."""
        return self._combined(condition.job in jobs for condition in self.conditions)

    def _combined(self, met: Iterable[bool]) -> bool:
        return all(met) if self.logical == "AND" else any(met)


@dataclass(frozen=True)
class Trigger:
    """A trigger that starts jobs.

    Attributes:
        name: The name of the trigger in Glue.
        starts: The names of the jobs that the trigger starts.
        type: `ON_DEMAND`, `SCHEDULED` or `CONDITIONAL`.
        predicate: The conditions of a conditional trigger.
        schedule: The start times of a scheduled trigger, as `cron(…)` in UTC.
    """

    name: str
    starts: tuple[str, ...]
    type: str = "CONDITIONAL"
    predicate: Predicate | None = None
    schedule: str | None = None


@dataclass(frozen=True)
class Workflow:
    """Jobs and triggers under one name.

    Raises:
        WorkflowError: A name is unknown or used twice, the workflow does not have exactly one start trigger, the type
            of a trigger does not fit its predicate or schedule, or a job can never start.
    """

    name: str
    description: str
    jobs: tuple[Job, ...]
    triggers: tuple[Trigger, ...]

    def __post_init__(self) -> None:
        if problem := self._problem():
            raise WorkflowError(workflow=self.name, problem=problem)

    def job(self, name: str) -> Job:
        """Return a job by its name."""
        return next(job for job in self.jobs if job.name == name)

    @property
    def parameters(self) -> dict[str, str]:
        """Maps the `--KEY` of each parameter of the jobs to the description of the parameter."""
        return {key: text for job in self.jobs for key, text in job.parameters.items()}

    @property
    def required_parameters(self) -> dict[str, str]:
        """The parameters that must have a value. The other parameters enable jobs, or have the values of a suite."""
        optional = {job.enabled_by for job in self.jobs} | {SUITE_PARAMETER}
        return {key: text for key, text in self.parameters.items() if key not in optional}

    def with_parameters(self, keys: Iterable[str]) -> Workflow:
        """Return the workflow without the jobs that need a parameter which is not in `keys`."""
        given = {"", *keys}
        names = {job.name for job in self.jobs if job.enabled_by in given}
        jobs = tuple(job for job in self.jobs if job.name in names)
        return replace(self, jobs=jobs, triggers=tuple(t for t in self.triggers if names.issuperset(t.starts)))

    def _problem(self) -> str | None:
        known = {job.name for job in self.jobs}
        named = {name for trigger in self.triggers for name in trigger.starts}
        conditions = [c for trigger in self.triggers if trigger.predicate for c in trigger.predicate.conditions]
        if len(known) < len(self.jobs) or len({t.name for t in self.triggers}) < len(self.triggers):
            return "two jobs or two triggers have the same name."
        if unknown := sorted((named | {condition.job for condition in conditions}) - known):
            return f"the triggers name the jobs {unknown}, which the workflow does not have."
        if wrong := [c.state for c in conditions if c.state not in JOB_STATES]:
            return f"the conditions wait for {wrong}. Expected one of the states {list(JOB_STATES)}."
        starts = [trigger for trigger in self.triggers if trigger.type in START_TYPES]
        if len(starts) != 1:
            return f"the workflow has {len(starts)} start triggers. Glue expects exactly one start trigger."
        if bad := [t.name for t in self.triggers if (t.type == "CONDITIONAL") != bool(t.predicate)]:
            return f"the triggers {bad} must be CONDITIONAL with a predicate, or start triggers without a predicate."
        if bad := [t.name for t in self.triggers if (t.type == "SCHEDULED") != bool(t.schedule)]:
            return f"the triggers {bad} must be SCHEDULED with a schedule, or have another type and no schedule."
        if unreached := sorted(known - self._reached()):
            return f"the jobs {unreached} never start: no trigger leads to them from the start trigger."
        return None

    def _reached(self) -> set[str]:
        reached: set[str] = set()
        while True:
            fired = [t for t in self.triggers if t.predicate is None or t.predicate.can_be_met(reached)]
            started = {name for trigger in fired for name in trigger.starts}
            if started == reached:
                return reached
            reached = started


def linear_workflow(dataset: Dataset, *, stages: Sequence[str] = STAGES) -> Workflow:
    """Return the workflow of a dataset: the stages of its job, then maintenance, then the report.

    Each job starts after the previous job has succeeded. The report is optional: its parameter enables it.
    """
    key = {"--masking-key": MASKING_KEY_HELP} if dataset.uses_masking_key else {}
    suite = {SUITE_PARAMETER: PARAMETER_HELP}

    def parameters(stage: str) -> dict[str, str]:
        return (key if stage in STAGES_THAT_MASK else {}) | (suite if stage in STAGES_WITH_SUITE else {})

    name = {"--dataset": dataset.name}
    jobs = [
        Job(f"{dataset.name}_{stage}", "dataset", {**name, "--stage": stage}, parameters(stage)) for stage in stages
    ]
    jobs.append(Job(f"{dataset.name}_maintain", "maintain", name))
    report = Job(
        f"{dataset.name}_report",
        "report",
        name,
        {REPORT_TO: REPORT_TO_HELP},
        extras=("site",),
        enabled_by=REPORT_TO,
    )
    jobs.append(report)
    return Workflow(
        name=dataset.name,
        description=dataset.description,
        jobs=tuple(jobs),
        triggers=(
            Trigger(f"{dataset.name}_start", (jobs[0].name,), type="ON_DEMAND"),
            *(
                Trigger(f"{before.name}_succeeded", (job.name,), predicate=Predicate((Condition(before.name),)))
                for before, job in pairwise(jobs)
            ),
        ),
    )
