"""Render saved validation results as Data Docs, with Great Expectations' own renderers.

The module does not create a data context. Great Expectations sends usage statistics only from a data context.
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
_MAX_CHARACTERS_IN_MESSAGE = 80


class DataDocsError(ExpectationError):
    """The Data Docs cannot be rendered or written."""

    def __init__(self, problem: str) -> None:
        super().__init__(where="Data Docs", problem=problem)


@dataclass(frozen=True)
class SavedResult:
    """A validation result that a run saved.

    Attributes:
        dataset: The name of the dataset.
        run_id: The id of the run.
        stage: The stage that validated the rows.
        started: The time at which the stage began (UTC).
        outcome: `met`, `met with warnings` or `blocked`.
        document: The result in GX's JSON form.
    """

    dataset: str
    run_id: str
    stage: str
    started: datetime
    outcome: str
    document: str


@dataclass(frozen=True)
class ValidatedRun:
    """A saved validation result with its parsed JSON.

    Attributes:
        saved: The saved result.
        content: The parsed JSON of `saved.document`.
    """

    saved: SavedResult
    content: Mapping[str, Any]

    @property
    def suite(self) -> str:
        """The suite's name."""
        return str(self.content["suite_name"])

    @property
    def suite_page(self) -> str:
        """The path of the suite's page. GX's pages link to this path."""
        return "/".join(["expectations", *_split_name(self.suite)]) + ".html"

    @property
    def page(self) -> str:
        """The path of the result's page."""
        timestamp = f"{self.saved.started:%Y%m%dT%H%M%S.%fZ}"
        folders = ["validations", *_split_name(self.suite), _to_file_name(self.saved.run_id), timestamp]
        return "/".join([*folders, f"{_to_file_name(self.saved.stage)}.html"])


def render(saved: Iterable[SavedResult], folder: Path) -> Path:
    """Render saved results as Data Docs, write the pages to a folder, and return the path of the home page.

    Earlier Data Docs in the folder are replaced. Other files in the folder are kept.

    Raises:
        DataDocsError: `saved` is empty, a saved result is not valid, Great Expectations is not installed, or the folder
            cannot be written.
    """
    results = [_parse(item) for item in sorted(saved, key=lambda item: (item.dataset, item.started))]
    if not results:
        raise DataDocsError("no saved results were found. Run a dataset first: citylake run DATASET.")
    try:
        write = html_writer()
    except ImportError as error:
        hint = "Run `pip install 'citylake[gx]'` or `make setup`."
        raise DataDocsError(f"Great Expectations cannot be imported: {error}. {hint}") from error
    pages = {result.page: result_page(result) for result in results}
    # If several results have the same suite, the page of the suite shows the last result.
    pages |= {result.suite_page: suite_page(result) for result in results}
    pages[_HOME] = home_page(results)
    rendered = {path: write(document, "../" * path.count("/") + _HOME) for path, document in pages.items()}
    try:
        _write(rendered, folder)
    except OSError as error:
        raise DataDocsError(
            f"cannot write to {folder}: {error}. Check the permissions of the folder, or choose another folder."
        ) from error
    return folder / _HOME


def _write(pages: Mapping[str, str], folder: Path) -> None:
    for section in ("validations", "expectations"):
        if (folder / section).exists():
            shutil.rmtree(folder / section)
    for path, text in pages.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _parse(saved: SavedResult) -> ValidatedRun:
    try:
        content = json.loads(saved.document)
        configs = [entry["expectation_config"] for entry in content["results"]]
        if all(isinstance(config["type"], str) for config in configs) and content["suite_name"]:
            return ValidatedRun(saved, content)
    except (json.JSONDecodeError, KeyError, TypeError):
        pass
    raise DataDocsError(
        f"the result that run {saved.run_id} saved for {saved.dataset} is not a validation result. Expected Great "
        f"Expectations' JSON. Found: {saved.document[:_MAX_CHARACTERS_IN_MESSAGE]!r}. Run the dataset again."
    )


def _split_name(name: str) -> list[str]:
    return [_to_file_name(part) for part in name.split(".")]


def _to_file_name(name: str) -> str:
    return re.sub(r"[^\w-]", "_", name) or "_"
