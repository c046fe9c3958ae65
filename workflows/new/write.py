"""Check the name of a new dataset, and write its files into the project folder."""

from __future__ import annotations

import keyword
import os
import re
from collections.abc import Mapping
from pathlib import Path

import transforms
from workflows.errors import NewDatasetError

MAX_NAME = 40  # characters
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")


def project_folder() -> Path:
    """Return the folder of the project, where the files of datasets are.

    Raises:
        NewDatasetError: citylake is installed as a wheel, so its folder is not a checkout of the project.
    """
    folder = Path(transforms.__file__).resolve().parents[1]
    if not (folder / "pyproject.toml").is_file() or not (folder / "tests" / "transforms" / "datasets").is_dir():
        problem = (
            "this folder is not a checkout of the project, because it has no pyproject.toml and no tests. A dataset is "
            "code, so it is added to a checkout. Clone the project, and run `python -m workflows.cli new` in the clone."
        )
        raise NewDatasetError(where=str(folder), problem=problem)
    return folder


def files_of(name: str) -> dict[str, str]:
    """Return the paths of the files of a dataset below the project folder, by their role."""
    return {
        "dataset": f"transforms/datasets/{name}.py",
        "report": f"reports/{name}.py",
        "suite": f"expectations/suites/{name}.json",
        "test": f"tests/transforms/datasets/test_{name}.py",
    }


def require_new_name(name: str, *, folder: Path) -> None:
    """Check that a name is valid and not used.

    Raises:
        NewDatasetError: The name is not valid, or a dataset, a report or a module has this name.
    """
    if not _NAME.match(name) or keyword.iskeyword(name) or keyword.issoftkeyword(name) or len(name) > MAX_NAME:
        problem = (
            f"the name is not valid. Expected at most {MAX_NAME} lowercase letters, digits and single underscores. "
            "An example is library_visits. The name is also the name of a Python module, so it must not be a word "
            "that Python reserves."
        )
        raise NewDatasetError(where=name, problem=problem)
    packages = ("transforms/datasets", "reports", "jobs", "workflows", "ingest/samples")
    others = [f"{package}/{name}{end}" for package in packages for end in (".py", "")]
    used = [path for path in (*files_of(name).values(), *others) if (folder / path).exists()]
    if used:
        problem = f"the name is already used, because {used[0]} exists. Choose another name, or remove this file first."
        raise NewDatasetError(where=name, problem=problem)


def write_files(folder: Path, contents: Mapping[str, str]) -> None:
    """Write files below a folder. If a file cannot be written, the files written before it are removed.

    Raises:
        NewDatasetError: A folder is not writable.
    """
    written: list[Path] = []
    try:
        for path, text in contents.items():
            with (folder / path).open("x", encoding="utf-8", newline="\n") as file:
                written.append(folder / path)
                file.write(text)
    except OSError as error:
        for path_written in written:
            path_written.unlink()
        problem = f"the file cannot be written: {os.strerror(error.errno or 0)}. No file is written. Check the folder."
        raise NewDatasetError(where=str(folder / path), problem=problem) from error
