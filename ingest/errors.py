"""Errors of ingests, downloads, feeds, streams and replays."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.errors import CityLakeError


class IngestError(CityLakeError, ValueError):
    """Landed files cannot be ingested. Raw has not changed."""


class LandingError(IngestError):
    """The landing folder does not exist, or has no file to read."""

    def __init__(self, *, landing: str, problem: str) -> None:
        super().__init__(where=f"landing {landing}", problem=problem)


class LandedFileError(IngestError):
    """A landed file cannot be read in the format that the file name indicates. `where` is the file."""


class LandedFilesError(IngestError):
    """Some landed files cannot be read, so no landed file is ingested.

    Attributes:
        where: The dataset.
        problems: One line for each file.
        is_first: Whether the dataset skips such files, but its raw table is empty and no other file can be read.
    """

    def __init__(self, *, dataset: str, problems: Sequence[str], is_first: bool = False) -> None:
        self.problems, self.is_first = tuple(problems), is_first
        lines = "".join(f"\n  - {problem}" for problem in problems)
        reason = (
            " Later runs skip such files. But raw is empty and no other landed file has rows, so this run has nothing "
            "to publish."
        )
        super().__init__(
            where=dataset,
            problem=f"{len(problems)} landed file(s) cannot be read.{reason if is_first else ''} No file is ingested "
            f"and no table has changed.{lines}\nFix each file or move the file out of landing, and run again.",
        )


class DeliveriesError(IngestError):
    """Raw has rows of an ingest that the table of deliveries does not list. `where` is the table of deliveries.

    Attributes:
        raw: The raw table.
    """

    def __init__(self, *, raw: str, deliveries: str) -> None:
        self.raw = raw
        super().__init__(
            where=deliveries,
            problem=f"the table does not list the last ingest of {raw}, so the files in {raw} are unknown. Nothing has "
            f"changed. Restore {deliveries}, or drop both tables and ingest all files again.",
        )


class FetchError(IngestError):
    """A published file cannot be downloaded. `where` is the address of the file.

    No file in the target folder has changed.
    """


class ReplayError(IngestError):
    """A replay cannot start or continue. `where` is the csv, the state file or the target.

    The state file stores the number of sent events. Run the same command again to continue the replay.
    """


class FeedError(CityLakeError):
    """A file or a feed cannot be read completely from its address. `where` is the address."""


class StreamError(CityLakeError):
    """A stream still rejects records after several attempts. `where` is the stream."""


class SettingError(CityLakeError):
    """An environment variable of a Lambda is missing or is not valid. `where` is the variable."""


class PoisonError(ValueError):
    """An event can never become an item. The message of the error is the reason."""
