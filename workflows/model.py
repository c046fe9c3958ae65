"""A workflow as AWS Glue knows it: jobs, and the triggers that start them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

JOB_STATES = ("SUCCEEDED", "STOPPED", "TIMEOUT", "FAILED")
"""What a condition can wait for; CloudFormation takes no other."""

START_TYPES = ("ON_DEMAND", "SCHEDULED")


class WorkflowError(ValueError):
    """A workflow that AWS Glue would take but never run as meant.

    Attributes:
        workflow: Its name.
        problem: What is wrong, and what to do.
    """

    def __init__(self, *, workflow: str, problem: str) -> None:
        self.workflow, self.problem = workflow, problem
        super().__init__(f"workflow {workflow}: {problem}")


@dataclass(frozen=True)
class Job:
    """A job of a workflow.

    Attributes:
        name: Its name in Glue.
        module: The module in `jobs/` that it runs.
        arguments: Arguments of its own, `--KEY` to value.
        parameters: Arguments whose values are said only where it is deployed or run, `--KEY` to what it is.
        timeout: Minutes until Glue ends it.
        worker_type: Glue's worker, such as `G.1X` (4 vCPU, 16 GB).
        workers: How many; the driver is one.
    """

    name: str
    module: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    timeout: int = 30
    worker_type: str = "G.1X"
    workers: int = 2


@dataclass(frozen=True)
class Condition:
    """That a job has ended in a state."""

    job: str
    state: str = "SUCCEEDED"


@dataclass(frozen=True)
class Predicate:
    """Conditions of a trigger: all of them (`AND`) or one of them (`ANY`)."""

    conditions: tuple[Condition, ...]
    logical: str = "AND"

    def is_met(self, states: Mapping[str, str]) -> bool:
        """Whether the jobs' states fulfil the conditions."""
        return self._combined(states.get(condition.job) == condition.state for condition in self.conditions)

    def can_be_met(self, jobs: Set[str]) -> bool:
        """Whether the conditions can be fulfilled when only these jobs are ever started."""
        return self._combined(condition.job in jobs for condition in self.conditions)

    def _combined(self, met: Iterable[bool]) -> bool:
        return all(met) if self.logical == "AND" else any(met)


@dataclass(frozen=True)
class Trigger:
    """What starts jobs.

    Attributes:
        name: Its name in Glue.
        starts: The jobs' names.
        type: `ON_DEMAND`, `SCHEDULED` or `CONDITIONAL`.
        predicate: What a conditional trigger waits for.
        schedule: When a scheduled trigger fires, `cron(…)`, UTC.
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
        WorkflowError: It would not run as meant: a name that is not there or there twice, no start or two, a trigger
            whose type and predicate do not fit, or a job that no trigger leads to.
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
        """Arguments whose values are said only where the workflow is deployed or run, `--KEY` to what it is."""
        return {key: what for job in self.jobs for key, what in job.parameters.items()}

    def _problem(self) -> str | None:
        known = {job.name for job in self.jobs}
        named = {name for trigger in self.triggers for name in trigger.starts}
        conditions = [c for trigger in self.triggers if trigger.predicate for c in trigger.predicate.conditions]
        if len(known) < len(self.jobs) or len({t.name for t in self.triggers}) < len(self.triggers):
            return "two jobs or two triggers have one name."
        if unknown := sorted((named | {condition.job for condition in conditions}) - known):
            return f"its triggers name the jobs {unknown}, which it does not have."
        if wrong := [c.state for c in conditions if c.state not in JOB_STATES]:
            return f"its conditions wait for {wrong}; Glue knows {list(JOB_STATES)}."
        starts = [trigger for trigger in self.triggers if trigger.type in START_TYPES]
        if len(starts) != 1:
            return f"it has {len(starts)} start triggers; Glue wants one that all others descend from."
        if bad := [t.name for t in self.triggers if (t.type == "CONDITIONAL") != bool(t.predicate)]:
            return f"the triggers {bad} must be CONDITIONAL with a predicate, or start triggers without."
        if bad := [t.name for t in self.triggers if (t.type == "SCHEDULED") != bool(t.schedule)]:
            return f"the triggers {bad} must be SCHEDULED with a schedule, or of another type without."
        if unreached := sorted(known - self._reached()):
            return f"nothing ever starts the jobs {unreached}: no trigger leads to them from the start."
        return None

    def _reached(self) -> set[str]:
        reached: set[str] = set()
        while True:
            fired = [t for t in self.triggers if t.predicate is None or t.predicate.can_be_met(reached)]
            found = {name for trigger in fired for name in trigger.starts}
            if found == reached:
                return reached
            reached = found


def in_stages(
    dataset: str,
    description: str,
    *,
    stages: Sequence[str] = ("ingest", "refine", "curate"),
    parameters: Mapping[str, Mapping[str, str]] | None = None,
    maintained: bool = False,
) -> Workflow:
    """Return the workflow of a dataset's job: its stages, each when the one before has succeeded.

    Args:
        dataset: The dataset, and the module in `jobs/`.
        description: What comes of it.
        stages: The stages, in order.
        parameters: Stage to the parameters of its job.
        maintained: Whether the upkeep of the dataset's tables comes last.
    """
    jobs = [
        Job(f"{dataset}_{stage}", dataset, {"--stage": stage}, (parameters or {}).get(stage, {})) for stage in stages
    ]
    if maintained:
        jobs.append(Job(f"{dataset}_maintain", "maintain", {"--dataset": dataset}))
    return Workflow(
        name=dataset,
        description=description,
        jobs=tuple(jobs),
        triggers=(
            Trigger(f"{dataset}_start", (jobs[0].name,), type="ON_DEMAND"),
            *(
                Trigger(f"{before.name}_succeeded", (job.name,), predicate=Predicate((Condition(before.name),)))
                for before, job in pairwise(jobs)
            ),
        ),
    )
