"""Check the records of text files while Spark reads these files."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ingest.errors import LandedFileError
from ingest.header import Header
from ingest.storage import LandedFile
from ingest.text_file import check_records

_MAX_CONCURRENT_CHECKS = 8


class RecordChecks:
    """Checks that run in the background. Spark does not report wrong quotes, so its rows are used only if all pass.

    Args:
        headers: The header of each text file.
    """

    def __init__(self, headers: Mapping[LandedFile, Header]) -> None:
        pool = ThreadPoolExecutor(_MAX_CONCURRENT_CHECKS)
        self._checks = {
            file: pool.submit(check_records, file.name, file.uri, header) for file, header in headers.items()
        }
        pool.shutdown(wait=False)

    def problems(self) -> dict[LandedFile, LandedFileError]:
        """Wait for all checks, and return the error of each file that cannot be read."""
        errors = {file: check.exception() for file, check in self._checks.items()}
        problems = {}
        for file, error in errors.items():
            if isinstance(error, LandedFileError):
                problems[file] = error
            elif error is not None:
                raise error
        return problems
