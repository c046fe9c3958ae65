"""Draw the charts of a site in other processes, while this process reads the tables."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.resources import files
from multiprocessing import get_context, parent_process
from threading import Thread
from types import TracebackType
from typing import TypeVar

import vl_convert

from reports.errors import DrawingError
from reports.facts import DatasetFacts
from reports.load import load_report
from reports.rows import AnswerRows
from reports.site.pictures import DatasetPictures, Picture, Sparkline, draw_picture, draw_small_line, draw_trend

_PROCESSES = 2
T = TypeVar("T")


class Drawing:
    """Draws charts in separate processes, because the drawing library holds Python's global interpreter lock.

    Raises:
        DrawingError: A process ended before its charts were drawn.
    """

    def __init__(self) -> None:
        # A forked process would inherit the connection to Spark, so the processes are spawned.
        self._workers = ProcessPoolExecutor(
            max_workers=_PROCESSES, mp_context=get_context("spawn"), initializer=_start_worker
        )
        self._library = self._workers.submit(_bundle_library)
        self._pictures: dict[str, list[list[Future[Picture]]]] = {}
        self._sparklines: dict[str, Future[Sparkline]] = {}

    def __enter__(self) -> Drawing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.shutdown(cancel_futures=True)

    def start(self, dataset: str, answers: Sequence[AnswerRows]) -> None:
        """Start to draw the charts of a dataset. Charts without values are left out."""
        self._pictures[dataset] = [
            [
                self._workers.submit(draw_picture, rows.answer.name, number, chart, data)
                for number, (chart, data) in enumerate(zip(rows.answer.charts, rows.charts, strict=True), start=1)
                if data.points
            ]
            for rows in answers
        ]
        for rows in answers:
            if rows.answer.name == load_report(dataset).sparkline and rows.charts[0].points:
                self._sparklines[dataset] = self._workers.submit(draw_small_line, rows.answer.charts[0], rows.charts[0])

    def finish(self, datasets: Sequence[DatasetFacts]) -> dict[str, DatasetPictures]:
        """Draw the trends, wait for all drawings, and return the drawings of each dataset."""
        trends = {
            dataset.name: self._workers.submit(
                draw_trend, dataset.name, [run.quarantined_pct for run in reversed(dataset.validations)]
            )
            for dataset in datasets
            if len(dataset.validations) > 1
        }
        return {
            name: DatasetPictures(
                answers=[[_wait_for(picture) for picture in pictures] for pictures in answers],
                sparkline=_wait_for(self._sparklines[name]) if name in self._sparklines else None,
                trend=_wait_for(trends[name]) if name in trends else None,
            )
            for name, answers in self._pictures.items()
        }

    def library(self) -> str:
        """Return the JavaScript library that makes charts interactive."""
        return _wait_for(self._library)


def _start_worker() -> None:
    """Prepare a process that draws.

    The process measures texts only with the fonts of the drawing library. Then all machines draw the same charts. With
    150 installed fonts, the library takes four times as long.

    The process ends when its parent ends, however the parent ends. The parent handles Ctrl+C for both.
    """
    os.environ["FONTCONFIG_FILE"] = str(files("reports.site").joinpath("fonts.conf"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _wait_for(future: Future[T]) -> T:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise DrawingError(
            where="the charts of the report",
            problem="a process that draws charts was killed, possibly because the memory was full. Run again. If the "
            "error repeats, use a machine with more memory, or report fewer datasets.",
        ) from error


def _bundle_library() -> str:
    library: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed")
    return library
