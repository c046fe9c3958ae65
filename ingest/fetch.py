"""Downloads of the cities' published files to a landing folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ingest.errors import FetchError
from ingest.handlers.feed_poller import Feed, FeedError, download, lines, pages
from ingest.storage import scheme_of

_VANCOUVER = "https://opendata.vancouver.ca/api/explore/v2.1/catalog/datasets/"
_DENVER = "https://www.denvergov.org/media/gis/DataCatalog/311_service_data/csv/"


@dataclass(frozen=True)
class Source:
    """Where a dataset is published.

    Attributes:
        name: Whose it is.
        file: The file's name in landing. The same name each time: what is delivered later takes the place of what was.
        url: Its address. `{year}` stands for a year where there is a file for each; with `{moment}`, in the name of
            the file, each download is a delivery of its own.
        is_socrata: Whether it is no file, but Socrata's API: its rows become JSON lines with `row_ts`.
    """

    name: str
    file: str
    url: str
    is_socrata: bool = False


SOURCES: Mapping[str, tuple[Source, ...]] = {
    "contact_centre": (
        Source(
            name="vancouver",
            file="3-1-1-contact-centre-metrics.csv",
            url=f"{_VANCOUVER}3-1-1-contact-centre-metrics/exports/csv?use_labels=true",
        ),
    ),
    "inquiry_volume": (
        Source(
            name="vancouver",
            file="3-1-1-inquiry-volume.csv",
            url=f"{_VANCOUVER}3-1-1-inquiry-volume/exports/csv?use_labels=true",
        ),
    ),
    "service_requests": (
        Source(
            name="denver",
            file="311_service_data_{year}.csv",
            url=f"{_DENVER}311_service_data_{{year}}.csv",
        ),
        Source(
            name="vancouver",
            file="3-1-1-service-requests.csv",
            url=f"{_VANCOUVER}3-1-1-service-requests/exports/csv?use_labels=false",
        ),
    ),
    "police_dispatch": (
        Source(
            name="montgomery",
            file="police-dispatched-incidents-{moment}.json",
            url="https://data.montgomerycountymd.gov/resource/98cc-bc7d.json",
            is_socrata=True,
        ),
    ),
}
"""The sources of each dataset, the one that is fetched where none is named first."""


def source_of(dataset: str, name: str | None = None) -> Source:
    """Return a dataset's source by its name, or its first.

    Raises:
        FetchError: There is none.
    """
    sources = SOURCES.get(dataset, ())
    for source in sources:
        if name in (None, source.name):
            return source
    known = [source.name for source in sources]
    problem = f"nothing is published by {name!r}. Expected one of {known}." if known else "it is published nowhere."
    raise FetchError(where=dataset, problem=f"{problem} Datasets to fetch: {', '.join(SOURCES)}.")


def fetch(
    source: Source,
    to: str | Path,
    *,
    now: datetime,
    year: int | None = None,
    since: str | None = None,
    token: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Download a source to a folder, and return the file. Until it is there whole, it has a hidden name.

    `year` is for a source with a file for each; this one if not given. `since` is for Socrata: only rows that changed
    after that time (ISO 8601, ten minutes before it to be sure), else all. `token` is Socrata's app token.

    Raises:
        FetchError: The source knows no `year` or `since`. Or it could not be downloaded, however often it was
            tried; what was there before is as it was.
    """
    if since and not source.is_socrata:
        raise FetchError(where=source.url, problem=f"{source.name} publishes it whole. Leave --since out.")
    if year and "{year}" not in source.url:
        raise FetchError(where=source.url, problem=f"{source.name} has no file for each year. Leave --year out.")
    parts = {"year": year or now.year, "moment": now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%S")}
    url, target = source.url.format(**parts), Path(to, source.file.format(**parts))
    if scheme_of(str(to)):
        problem = (
            f"it cannot be kept in {to}, only in a folder of this machine. Give one; `aws s3 sync` brings it to S3."
        )
        raise FetchError(where=url, problem=problem)
    hidden = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden.touch()  # else it would take six downloads to find out that nothing can be written here
        if source.is_socrata:
            state = {"updated_at": since, "complete": True} if since else {}
            with hidden.open("wb") as file:
                for page in pages(Feed("socrata", url, token), state, sleep=sleep):
                    file.writelines(lines(page.rows))
        else:
            download(url, hidden, sleep=sleep)
        return hidden.replace(target)
    except FeedError as error:
        raise FetchError(where=error.where, problem=error.problem) from error
    except OSError as error:
        raise FetchError(where=url, problem=f"it cannot be kept in {to} ({error.strerror}). Check --to.") from error
    finally:
        if hidden.is_file():
            hidden.unlink()
