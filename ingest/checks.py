"""Check landed files while Spark reads them, and find the file that Spark cannot read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor

from ingest.errors import LandedFileError
from ingest.header import Header
from ingest.storage import LandedFile

_MAX_CONCURRENT_CHECKS = 2  # a check of a workbook holds the whole sheet in memory


class RecordChecks:
    """Checks that parse whole files in the background.

    Spark does not report wrong quotes, so its rows may be used only if `problems` is empty. If Spark fails, its error
    does not say which file is the cause. Then `find_cause` checks all files. Leaving the context cancels the
    checks that have not started.

    Args:
        headers: The header of each file.
        check: The function that parses a file. It raises `LandedFileError` if the file cannot be read.
    """

    def __init__(self, headers: Mapping[LandedFile, Header], check: Callable[[LandedFile, Header], None]) -> None:
        self._headers, self._check = headers, check
        self._checks: dict[LandedFile, Future[None]] = {}
        self._pool = ThreadPoolExecutor(_MAX_CONCURRENT_CHECKS)

    def __enter__(self) -> RecordChecks:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self) -> None:
        """Start the checks of all files that need a check.

        A running check slows down the calls of this process to Spark. So call `start` just before a long Spark job.
        """
        self._start({file for file, header in self._headers.items() if header.needs_check})

    def problems(self) -> dict[LandedFile, LandedFileError]:
        """Wait for the checks of all files that need a check. Return the error of each file that cannot be read."""
        self.start()
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
        self._start(self._headers.keys())
        return self.problems()

    def _start(self, files: AbstractSet[LandedFile]) -> None:
        for file in files - self._checks.keys():
            self._checks[file] = self._pool.submit(self._check, file, self._headers[file])
