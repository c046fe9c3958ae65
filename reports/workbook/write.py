"""Write workbooks to files. A file has the old workbook or the new workbook, and never a part of a workbook."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from errno import EACCES
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from reports.errors import TargetError
from reports.facts import DatasetFacts
from reports.workbook.sheets import add_sheets

SUFFIX = ".xlsx"

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def workbook_paths(names: Sequence[str], target: str) -> Mapping[str, Path]:
    """Return the path of the workbook of each dataset, and check that the paths can be written.

    For one dataset, `target` is the path of the workbook. For several datasets, `target` is a folder.

    Raises:
        TargetError: `target` does not fit the number of datasets, or cannot be written.
    """
    path = Path(target)
    is_workbook = path.suffix.lower() == SUFFIX
    if len(names) > 1 and is_workbook:
        problem = (
            f"this is the path of one workbook, but the report has {len(names)} datasets, and each dataset has its own "
            "workbook. Give a folder with --excel, or name one dataset"
        )
        raise TargetError(where=target, problem=problem)
    if len(names) == 1 and not is_workbook:
        problem = f"the path of a workbook ends in {SUFFIX}. Give such a path with --excel, such as {names[0]}{SUFFIX}"
        raise TargetError(where=target, problem=problem)
    paths = {name: path / f"{name}{SUFFIX}" for name in names} if len(names) > 1 else {names[0]: path}
    for workbook in paths.values():
        _require_writable(workbook)
    return paths


def write_workbook(dataset: DatasetFacts, path: Path) -> Path:
    """Write the workbook of a dataset, and return its path. An old workbook is replaced.

    Raises:
        TargetError: The workbook cannot be written.
    """
    import xlsxwriter  # Import this package here, because most commands do not need it.

    content = BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as book:
        add_sheets(book, dataset)
    partial = path.with_name(f".{uuid4().hex}{SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content.getvalue())
        partial.replace(path)
    except OSError as error:
        raise _not_writable(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return path


def _require_writable(path: Path) -> None:
    try:
        if path.is_dir():
            raise TargetError(where=str(path), problem="this is a folder. Give the path of a workbook with --excel")
        folder = next(parent for parent in path.parents if parent.exists())
        if not folder.is_dir():
            problem = f"{folder} is a file, not a folder. Give another path with --excel"
            raise TargetError(where=str(path), problem=problem)
        if not os.access(folder, os.W_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except OSError as error:
        raise _not_writable(path, error) from error


def _not_writable(path: Path, error: OSError) -> TargetError:
    problem = (
        f"the workbook cannot be written ({error.strerror}). Check the permissions of the folder, or give another "
        "path with --excel"
    )
    return TargetError(where=str(path), problem=problem)
