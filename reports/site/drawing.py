"""Draw the charts of a site in other processes, while this process reads the tables."""

from __future__ import annotations

from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType

import vl_convert

from reports.rows import AnswerRows
from reports.site.pictures import Picture, draw_picture

_PROCESSES = 2


class Drawing:
    """Draws charts in separate processes, because the drawing library holds Python's global interpreter lock."""

    def __init__(self) -> None:
        # A forked process would inherit the connection to Spark, so the processes are spawned.
        self._workers = ProcessPoolExecutor(max_workers=_PROCESSES, mp_context=get_context("spawn"))
        self._library = self._workers.submit(_bundle_library)
        self._pictures: dict[str, list[list[Future[Picture]]]] = {}

    def __enter__(self) -> Drawing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.shutdown(cancel_futures=True)

    def start(self, dataset: str, answers: list[AnswerRows]) -> None:
        """Start to draw the charts of a dataset. Charts without values are left out."""
        self._pictures[dataset] = [
            [
                self._workers.submit(draw_picture, rows.answer.name, number, chart, data, label=rows.sentence)
                for number, (chart, data) in enumerate(zip(rows.answer.charts, rows.charts, strict=True), start=1)
                if data.points
            ]
            for rows in answers
        ]

    def pictures(self) -> dict[str, list[list[Picture]]]:
        """Wait for the drawings, and return the drawings of each answer of each dataset."""
        return {
            dataset: [[picture.result() for picture in pictures] for pictures in answers]
            for dataset, answers in self._pictures.items()
        }

    def library(self) -> str:
        """Return the JavaScript library that makes charts interactive."""
        return self._library.result()


def _bundle_library() -> str:
    library: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed")
    return library
