"""`citylake new`: profile files, and write a complete dataset for them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group

from ingest.formats import is_readable
from ingest.profile import profile_files
from ingest.storage import LandedFile, list_files
from workflows.errors import NewDatasetError
from workflows.new.dataset_module import dataset_module
from workflows.new.plan import NewDataset
from workflows.new.report_module import report_module
from workflows.new.screen import next_commands, screen
from workflows.new.suite_file import suite_file
from workflows.new.test_module import test_module
from workflows.new.write import files_of, project_folder, require_new_name, write_files
from workflows.session import start_fast


def add_dataset(name: str, sources: Sequence[str]) -> tuple[Group, str]:
    """Write the files of a new dataset. Return the screen that describes it, and the next commands.

    Args:
        name: The name of the dataset.
        sources: Paths of files or folders. All files have the same columns.

    Raises:
        NewDatasetError: The name is not valid or already used, or the project folder is not a writable checkout.
        IngestError: A file cannot be read, has no rows, or has other columns than the first file.
    """
    folder = project_folder()
    require_new_name(name, folder=folder)
    files = [file for source in sources for file in _list(source)]
    start_fast()  # Parquet files are read with Spark
    dataset = NewDataset(name, profile_files(files))
    paths = files_of(name)
    contents = {
        paths["dataset"]: dataset_module(dataset),
        paths["report"]: report_module(dataset),
        paths["suite"]: suite_file(dataset),
        paths["test"]: test_module(dataset),
    }
    write_files(folder, contents)
    lines = {path: text.count("\n") for path, text in contents.items()}
    return screen(dataset, lines=lines), next_commands(dataset, data=_data(files))


def _list(source: str) -> list[LandedFile]:
    files = list_files(source)
    if Path(source).is_dir():
        files = [file for file in files if is_readable(file.name)]
    if not files:
        raise NewDatasetError(
            where=source, problem="the folder has no file in a format that ingest reads. Give a file."
        )
    return files


def _data(files: Sequence[LandedFile]) -> str:
    """Return the folder of the files, or the only file if its folder has other files too."""
    folder = Path(files[0].uri).parent
    given = {Path(file.uri) for file in files}
    readable = {path for path in folder.rglob("*") if path.is_file() and is_readable(path.name)}
    path = folder if len(files) > 1 or readable == given else Path(files[0].uri)
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
