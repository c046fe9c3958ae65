from importlib import import_module

import pytest

from expectations.standard import load_suite
from transforms.datasets import dataset_names, load_dataset
from workflows.errors import WorkflowError
from workflows.model import Condition, Job, Predicate, Trigger, Workflow
from workflows.parts import sample_writer, workflow_of

A, B, C = Job("a", "m"), Job("b", "m"), Job("c", "m")
START = Trigger("start", ("a",), type="ON_DEMAND")


def after(name: str, starts: str, *jobs: str, logical: str = "AND", state: str = "SUCCEEDED") -> Trigger:
    return Trigger(name, (starts,), predicate=Predicate(tuple(Condition(job, state) for job in jobs), logical))


def workflow(*triggers: Trigger, jobs: tuple[Job, ...] = (A, B, C)) -> Workflow:
    return Workflow("w", "", jobs, triggers)


def test_jobs_may_wait_for_several_jobs() -> None:
    workflow(START, after("t1", "b", "a"), after("t2", "c", "a", "b"))
    workflow(START, after("t1", "b", "a"), after("t2", "c", "b", "a", logical="ANY"))


@pytest.mark.parametrize(
    ("triggers", "problem"),
    [
        ((after("t", "b", "a"),), "the workflow has 0 start triggers"),
        ((START, Trigger("s2", ("b", "c"), type="ON_DEMAND")), "the workflow has 2 start triggers"),
        ((START, after("start", "b", "a"), after("t", "c", "a")), "two jobs or two triggers have the same name"),
        ((START, after("t", "x", "a")), r"name the jobs \['x'\], which the workflow does not have"),
        ((START, after("t", "b", "x")), r"name the jobs \['x'\], which the workflow does not have"),
        ((START, after("t", "b", "a", state="DONE")), r"wait for \['DONE'\]. Expected one of"),
        ((START, after("t", "b", "a")), r"the jobs \['c'\] never start"),
        ((START, after("t1", "b", "c"), after("t2", "c", "b")), r"the jobs \['b', 'c'\] never start"),
        ((START, after("t1", "b", "a"), after("t2", "c", "a", "c")), r"the jobs \['c'\] never start"),
        ((START, Trigger("t", ("b", "c"))), r"the triggers \['t'\] must be CONDITIONAL with a predicate"),
        ((Trigger("s", ("a", "b", "c"), type="SCHEDULED"),), r"the triggers \['s'\] must be SCHEDULED with a schedule"),
    ],
)
def test_an_invalid_workflow_is_rejected(triggers: tuple[Trigger, ...], problem: str) -> None:
    with pytest.raises(WorkflowError, match=f"workflow w: .*{problem}"):
        workflow(*triggers)


@pytest.mark.parametrize("dataset", dataset_names())
def test_every_package_uses_the_same_dataset_name(dataset: str) -> None:
    assert workflow_of(dataset).name == dataset
    assert load_dataset(dataset).name == dataset
    assert load_suite(dataset).name == dataset
    built = load_dataset(dataset).answers
    assert [answer.name for answer in import_module(f"reports.{dataset}").REPORT.answers] == list(built)
    assert sample_writer(dataset) is None or callable(sample_writer(dataset))
