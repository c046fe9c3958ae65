"""Show the progress of a run on standard error: one line for each finished job, and a bar for the running job."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Event, Thread
from types import TracebackType

from pyspark.sql import SparkSession
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from lake.ledger import StageRun
from workflows.output import progress_console
from workflows.runner import JobRun

POLL_SECONDS = 0.25
MIN_TASKS_FOR_BAR = 2
"""The bar shows Spark tasks only if at least this many tasks are active. On a laptop, most stages have one task."""

_SIGNS = {"SUCCEEDED": "[green]✓[/]", "FAILED": "[red]✗[/]"}


class RunProgress:
    """The progress of a run. Use this object in a `with` statement.

    On a terminal, a bar shows the running job and the Spark tasks of the active stages. Log lines appear above the bar.
    If standard error is not a terminal, no bar is shown, and the lines of finished jobs contain no control characters.

    Args:
        jobs: The names of all jobs of the run.
        quiet: Whether to print warnings only.
    """

    def __init__(self, jobs: Sequence[str], *, quiet: bool) -> None:
        self._console = progress_console()
        self._quiet = quiet
        self._name_width = max(map(len, jobs), default=0)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=20))
        self._bar = Progress(
            *columns,
            TextColumn("{task.fields[tasks]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, tasks="")
        self._resources = ExitStack()

    def __enter__(self) -> RunProgress:
        handler = RichHandler(console=self._console, show_time=False, show_path=False, level=logging.WARNING)
        root = logging.getLogger()
        root.addHandler(handler)
        self._resources.callback(root.removeHandler, handler)
        self._resources.enter_context(self._bar)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def start(self, name: str) -> None:
        """Show that a step is running."""
        self._bar.reset(self._task, description=name, total=None, tasks="")

    def finish(self, name: str, *, seconds: float, state: str = "SUCCEEDED", facts: Sequence[str] = ()) -> None:
        """Print the line of a finished step. If not all facts fit in the line, the last facts are left out."""
        if self._quiet:
            return
        line = f"{name:{self._name_width}} {seconds:6.1f} s"
        text = _join(facts, width=self._console.width - len(line) - 4)
        self._console.print(f"{_SIGNS[state]} {line}" + (f"  {escape(text)}" if text else ""))

    def note(self, text: str) -> None:
        """Print a line about the last finished job."""
        if not self._quiet:
            self._console.print(f"  {text}", markup=False)

    def report(self, run: JobRun) -> None:
        """Show that a job has started, or print the line of a job that has ended."""
        if run.state == "RUNNING":
            self.start(run.job.name)
        else:
            facts = [fact for entry in run.entries for fact in facts_of(entry)]
            self.finish(run.job.name, seconds=run.seconds, state=run.state, facts=facts)

    def watch(self, spark: SparkSession) -> None:
        """Until the `with` statement ends, show on the bar how many tasks of Spark's active stages are finished."""
        if self._bar.disable:
            return
        stopped = Event()
        thread = Thread(target=self._count_tasks, args=(spark, stopped), name="spark-progress", daemon=True)
        thread.start()
        self._resources.callback(thread.join)
        self._resources.callback(stopped.set)

    def _count_tasks(self, spark: SparkSession, stopped: Event) -> None:
        tracker = spark.sparkContext.statusTracker()
        while not stopped.wait(POLL_SECONDS):
            stages = [stage for number in tracker.getActiveStageIds() if (stage := tracker.getStageInfo(number))]
            total, done = sum(s.numTasks for s in stages), sum(s.numCompletedTasks for s in stages)
            if total >= MIN_TASKS_FOR_BAR:
                self._bar.update(self._task, total=total, completed=done, tasks=f"{done} of {total} Spark tasks")
            else:
                self._bar.update(self._task, total=None, completed=0, tasks="")


def facts_of(entry: StageRun) -> list[str]:
    """Return the row counts and notes of a stage.

    >>> from datetime import datetime
    >>> from lake.ledger import StageResult
    >>> result = StageResult(rows_in=100, rows_out=97, rows_quarantined=2)
    >>> facts_of(StageRun("r", None, "j", "refine", datetime(2024, 1, 1), result=result))
    ['100 rows in', '97 out', '2 quarantined', '1 superseded']
    """
    result = entry.result
    counts = result.counts()
    if entry.stage == "refine" and result.rows_out is not None:
        counts["superseded"] = (result.rows_in or 0) - result.rows_out - (result.rows_quarantined or 0)
    parts = [f"{count:,} {name}" for name, count in counts.items()]
    skipped = [f"{len(result.skipped_files)} files skipped"] if result.skipped_files else []
    return [*parts, *skipped, *result.notes]


def _join(facts: Sequence[str], *, width: int) -> str:
    for count in range(len(facts), 0, -1):
        text = ", ".join(facts[:count]) + (" …" if count < len(facts) else "")
        if len(text) <= width:
            return text
    return ""
