"""Data Docs: the results that the gate saved, as pages that Great Expectations' own renderers make.

No data context is made, so nothing is sent anywhere.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from expectations.data_docs.pages import home_page, html_writer, result_page, suite_page
from expectations.errors import ExpectationError

_HOME = "index.html"


class DataDocsError(ExpectationError):
    """The Data Docs cannot be rendered. Earlier pages have not changed."""

    def __init__(self, problem: str) -> None:
        super().__init__(where="Data Docs", problem=problem)


@dataclass(frozen=True)
class SavedResult:
    """A saved validation result, and the run that it is of.

    Attributes:
        dataset: The dataset.
        run_id: The run.
        stage: The stage that judged.
        started: When the stage started, UTC.
        outcome: The gate's verdict: `met`, `met with warnings` or `refused`.
        document: The result, GX's JSON.
    """

    dataset: str
    run_id: str
    stage: str
    started: datetime
    outcome: str
    document: str


@dataclass(frozen=True)
class JudgedRun:
    """A saved result, read.

    Attributes:
        saved: The result as it was saved.
        content: Its JSON.
    """

    saved: SavedResult
    content: Mapping[str, Any]

    @property
    def suite(self) -> str:
        """The suite's name."""
        return str(self.content["suite_name"])

    @property
    def suite_page(self) -> str:
        """The place of the suite's page; laid out as GX does, for its pages link to each other."""
        return "/".join(["expectations", *_parts(self.suite)]) + ".html"

    @property
    def page(self) -> str:
        """The place of the result's page."""
        moment = f"{self.saved.started:%Y%m%dT%H%M%S.%fZ}"
        folders = ["validations", *_parts(self.suite), _safe(self.saved.run_id), moment]
        return "/".join([*folders, f"{_safe(self.saved.stage)}.html"])


def render(saved: Iterable[SavedResult], folder: Path) -> Path:
    """Make the Data Docs of saved results in a folder, in place of those made there before; returns the first page.

    Raises:
        DataDocsError: There is no saved result, one is no result, Great Expectations is not installed, or the
            folder cannot be written.
    """
    results = [_read(item) for item in sorted(saved, key=lambda item: (item.dataset, item.started))]
    if not results:
        raise DataDocsError("there are no saved results. Run a dataset first: citylake run DATASET.")
    try:
        write = html_writer()
    except ImportError as error:
        hint = "Run: pip install 'citylake[gx]', or make setup."
        raise DataDocsError(f"Great Expectations is not installed ({error}). {hint}") from error
    pages = {result.page: result_page(result) for result in results}
    pages |= {result.suite_page: suite_page(result) for result in results}  # of each suite, as last judged
    pages[_HOME] = home_page(results)
    rendered = {place: write(document, "../" * place.count("/") + _HOME) for place, document in pages.items()}
    try:
        _write(rendered, folder)
    except OSError as error:
        raise DataDocsError(f"{folder} cannot be written: {error}. Free it, or have them made elsewhere.") from error
    return folder / _HOME


def _write(pages: Mapping[str, str], folder: Path) -> None:
    for section in ("validations", "expectations"):
        if (folder / section).exists():
            shutil.rmtree(folder / section)
    for place, text in pages.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")


def _read(saved: SavedResult) -> JudgedRun:
    try:
        content = json.loads(saved.document)
        configs = [entry["expectation_config"] for entry in content["results"]]
        if all(isinstance(config["type"], str) for config in configs) and content["suite_name"]:
            return JudgedRun(saved, content)
    except (json.JSONDecodeError, KeyError, TypeError):
        pass
    problem = f"what run {saved.run_id} saved for {saved.dataset} is no validation result: {saved.document[:80]!r}."
    raise DataDocsError(f"{problem} Expected Great Expectations' JSON.")


def _parts(name: str) -> list[str]:
    return [_safe(part) for part in name.split(".")]


def _safe(name: str) -> str:
    return re.sub(r"[^\w-]", "_", name) or "_"
