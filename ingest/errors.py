"""Errors of landing and its files."""

from __future__ import annotations

from collections.abc import Sequence


class IngestError(ValueError):
    """Landed files cannot be ingested. Raw has not changed."""


class LandingError(IngestError):
    """The landing folder does not exist, or has no file to read.

    Attributes:
        landing: The folder, file or pattern.
        problem: What is wrong with it.
    """

    def __init__(self, *, landing: str, problem: str) -> None:
        self.landing, self.problem = landing, problem
        super().__init__(f"landing {landing}: {problem}")


class LandedFileError(IngestError):
    """A landed file cannot be read in the format of its name.

    Attributes:
        file: The file.
        problem: What was found, what was expected, what to do.
    """

    def __init__(self, *, file: str, problem: str) -> None:
        self.file, self.problem = file, problem
        super().__init__(f"{file}: {problem}")


class LandedFilesError(IngestError):
    """Some landed files cannot be read, so no file of this delivery is taken.

    Attributes:
        dataset: The dataset.
        problems: One line per file.
    """

    def __init__(self, *, dataset: str, problems: Sequence[str]) -> None:
        self.dataset, self.problems = dataset, tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(
            f"{dataset}: {len(problems)} landed file(s) cannot be read, so no file of this delivery is taken and no "
            f"table has changed.{lines}\nFix each file or move it out of landing, and run again."
        )


class DeliveriesError(IngestError):
    """Raw holds rows of an ingest that the table of deliveries does not list.

    Attributes:
        raw: The raw table.
        deliveries: The table of deliveries.
    """

    def __init__(self, *, raw: str, deliveries: str) -> None:
        self.raw, self.deliveries = raw, deliveries
        super().__init__(
            f"{deliveries} does not list the ingest that last wrote to {raw}, so it is not known which files {raw} "
            f"has. Nothing has changed. Restore {deliveries}, or drop both tables and ingest all files again."
        )


class FetchError(IngestError):
    """A source could not be downloaded; nothing in the folder has changed.

    Attributes:
        source: Its address.
        problem: What was found, what was expected, what to do.
    """

    def __init__(self, *, source: str, problem: str) -> None:
        self.source, self.problem = source, problem
        super().__init__(f"{source}: {problem}")


class ReplayError(IngestError):
    """A file cannot be replayed, or not to there; what its state says has been emitted.

    Attributes:
        where: The file, its state or the stream.
        problem: What was found, what was expected, what to do.
    """

    def __init__(self, *, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")
