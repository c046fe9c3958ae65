"""Draw the charts of a site in other processes, while this process reads the tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from importlib.resources import files
from multiprocessing import get_context, set_forkserver_preload
from types import TracebackType

import vl_convert

from reports.facts import DatasetFacts
from reports.load import load_report
from reports.rows import AnswerRows
from reports.site.pictures import DatasetPictures, Picture, Sparkline, draw_picture, draw_small_line, draw_trend

_PROCESSES = 2


class Drawing:
    """Draws charts in separate processes, because the drawing library holds Python's global interpreter lock."""

    def __init__(self) -> None:
        # A fork of this process would inherit the connection to Spark. A server process imports the modules once, and
        # is forked for each worker.
        set_forkserver_preload(["reports.site.pictures"])
        self._workers = ProcessPoolExecutor(
            max_workers=_PROCESSES, mp_context=get_context("forkserver"), initializer=_ignore_system_fonts
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
                answers=[[picture.result() for picture in pictures] for pictures in answers],
                sparkline=self._sparklines[name].result() if name in self._sparklines else None,
                trend=trends[name].result() if name in trends else None,
            )
            for name, answers in self._pictures.items()
        }

    def library(self) -> str:
        """Return the JavaScript library that makes charts interactive."""
        return self._library.result()


def _ignore_system_fonts() -> None:
    """Measure texts only with the fonts of the drawing library.

    Then all machines draw the same charts. With 150 installed fonts, the library takes four times as long.
    """
    os.environ["FONTCONFIG_FILE"] = str(files("reports.site").joinpath("fonts.conf"))


def _bundle_library() -> str:
    library: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed")
    return library
