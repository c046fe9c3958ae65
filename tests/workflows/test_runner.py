from workflows.model import Condition, Job, Predicate, Trigger, Workflow
from workflows.runner import JobRun, run_workflow


def diamond() -> Workflow:
    """Return a workflow in which `b` and `c` start after `a`, and `d` starts after `b` and `c`.

    The job `clean` starts if `c` fails.
    """
    jobs = tuple(Job(name, "m") for name in ("d", "clean", "c", "b", "a"))
    triggers = (
        Trigger("join", ("d",), predicate=Predicate((Condition("b"), Condition("c")))),
        Trigger("failed", ("clean",), predicate=Predicate((Condition("c", "FAILED"),))),
        Trigger("split", ("b", "c"), predicate=Predicate((Condition("a"),))),
        Trigger("start", ("a",), type="ON_DEMAND"),
    )
    return Workflow("w", "", jobs, triggers)


def run(failing: str = "") -> tuple[list[str], dict[str, JobRun], list[tuple[str, str]]]:
    started: list[str] = []
    reported: list[tuple[str, str]] = []

    def run_job(job: Job) -> list:
        started.append(job.name)
        if job.name == failing:
            raise ValueError(f"{job.name} is broken")
        return []

    results = run_workflow(diamond(), run_job=run_job, report=lambda r: reported.append((r.job.name, r.state)))
    return started, results, reported


def test_jobs_run_in_trigger_order() -> None:
    started, results, reported = run()

    assert started == ["a", "b", "c", "d"]
    assert results["d"].state == "SUCCEEDED"
    assert results["clean"].state == "NOT STARTED"
    assert reported[:3] == [("a", "RUNNING"), ("a", "SUCCEEDED"), ("b", "RUNNING")]


def test_failed_job_stops_only_dependent_jobs() -> None:
    started, results, _ = run(failing="c")

    assert started == ["a", "b", "c", "clean"]
    assert {name: result.state for name, result in results.items()} == {
        "a": "SUCCEEDED", "b": "SUCCEEDED", "c": "FAILED", "d": "NOT STARTED", "clean": "SUCCEEDED",
    }  # fmt: skip
    assert str(results["c"].error) == "c is broken"


def test_failed_first_job_stops_the_workflow() -> None:
    assert run(failing="a")[0] == ["a"]
