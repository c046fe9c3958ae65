"""Check the records of text files while Spark reads these files."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from ingest.errors import LandedFileError
from ingest.header import Header
from ingest.storage import LandedFile
from ingest.text_file import check_records

_MAX_CONCURRENT_CHECKS = 8


class RecordChecks:
    """Checks of text files, which run in the background.

    Spark does not report wrong quotes, so its rows may be used only if `problems` is empty. If Spark fails, its error
    does not say which file is the cause. Then `find_cause` checks all files.

    Args:
        headers: The header of each text file.
    """

    def __init__(self, headers: Mapping[LandedFile, Header]) -> None:
        self._headers = headers
        self._checks = self._start({file: header for file, header in headers.items() if header.needs_check})

    def problems(self) -> dict[LandedFile, LandedFileError]:
        """Wait for the checks of all files with quotes. Return the error of each file that cannot be read."""
        errors = {file: check.exception() for file, check in self._checks.items()}
        problems = {}
        for file, error in errors.items():
            if isinstance(error, LandedFileError):
                problems[file] = error
            elif error is not None:
                raise error
        return problems

    def find_cause(self) -> dict[LandedFile, LandedFileError]:
        """Check all files, and return the error of each file that cannot be read."""
        self._checks |= self._start({file: header for file, header in self._headers.items() if not header.needs_check})
        return self.problems()

    @staticmethod
    def _start(headers: Mapping[LandedFile, Header]) -> dict[LandedFile, Future[None]]:
        pool = ThreadPoolExecutor(_MAX_CONCURRENT_CHECKS)
        checks = {file: pool.submit(check_records, file.name, file.uri, header) for file, header in headers.items()}
        pool.shutdown(wait=False)
        return checks
