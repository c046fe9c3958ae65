"""Download the published data of cities to a landing folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from urllib3 import Retry

from ingest.downloads import RETRIES, download
from ingest.errors import FeedError, FetchError
from ingest.feeds import Feed, pages, to_json_lines
from ingest.storage import scheme_of

_VANCOUVER = "https://opendata.vancouver.ca/api/explore/v2.1/catalog/datasets/"
_DENVER = "https://www.denvergov.org/media/gis/DataCatalog/311_service_data/csv/"


@dataclass(frozen=True)
class PublishedFile:
    """A file, or a feed, that a city publishes.

    Attributes:
        publisher: The city.
        name: The name of the file in landing. If the name contains `{moment}`, each download creates a separate file.
            Otherwise a later download replaces the file.
        url: The address. If the city publishes one file for each year, the address contains `{year}`.
        is_socrata: Whether the address belongs to Socrata's API. If so, each row is written as a JSON line
            with the field `row_ts`.
    """

    publisher: str
    name: str
    url: str
    is_socrata: bool = False


PUBLISHED_FILES: Mapping[str, tuple[PublishedFile, ...]] = {
    "contact_centre": (
        PublishedFile(
            publisher="vancouver",
            name="3-1-1-contact-centre-metrics.csv",
            url=f"{_VANCOUVER}3-1-1-contact-centre-metrics/exports/csv?use_labels=true",
        ),
    ),
    "inquiry_volume": (
        PublishedFile(
            publisher="vancouver",
            name="3-1-1-inquiry-volume.csv",
            url=f"{_VANCOUVER}3-1-1-inquiry-volume/exports/csv?use_labels=true",
        ),
    ),
    "service_requests": (
        PublishedFile(
            publisher="denver",
            name="311_service_data_{year}.csv",
            url=f"{_DENVER}311_service_data_{{year}}.csv",
        ),
        PublishedFile(
            publisher="vancouver",
            name="3-1-1-service-requests.csv",
            url=f"{_VANCOUVER}3-1-1-service-requests/exports/csv?use_labels=false",
        ),
    ),
    "police_dispatch": (
        PublishedFile(
            publisher="montgomery",
            name="police-dispatched-incidents-{moment}.json",
            url="https://data.montgomerycountymd.gov/resource/98cc-bc7d.json",
            is_socrata=True,
        ),
    ),
}
"""The published files of each dataset. The first file of each dataset is the default."""


def find_published_file(dataset: str, publisher: str | None = None) -> PublishedFile:
    """Return the file that a city publishes for a dataset. If `publisher` is None, return the first file.

    Raises:
        FetchError: The city does not publish this dataset, or no city publishes the dataset.
    """
    files = PUBLISHED_FILES.get(dataset, ())
    for file in files:
        if publisher in (None, file.publisher):
            return file
    known = [file.publisher for file in files]
    if known:
        problem = f"{publisher!r} does not publish this dataset. Expected one of {known}."
    else:
        problem = f"no city publishes this dataset. Expected one of {list(PUBLISHED_FILES)}."
    raise FetchError(where=dataset, problem=problem)


def fetch(
    published: PublishedFile,
    folder: str | Path,
    *,
    now: datetime,
    year: int | None = None,
    since: str | None = None,
    token: str = "",
    retries: Retry = RETRIES,
) -> Path:
    """Download a published file to a folder, and return the path of the downloaded file.

    The file has a hidden name until the download is complete. If the download fails, the file of an earlier download is
    not changed.

    Args:
        published: The file to download.
        folder: The folder. It is created if it does not exist.
        now: The current time, which replaces `{moment}` in the name of the file.
        year: The year, if the city publishes one file for each year [default: the year of `now`].
        since: Only for Socrata: the time (ISO 8601) from which changed rows are downloaded [default: all rows]. Rows
            that changed in the ten minutes before this time are also downloaded.
        token: Socrata's app token.
        retries: The retries of a request that fails for a temporary reason.

    Raises:
        FetchError: The file does not support `year` or `since`. Or the file cannot be downloaded or written.
    """
    if since and not published.is_socrata:
        problem = f"{published.publisher} publishes only the whole file. Remove --since."
        raise FetchError(where=published.url, problem=problem)
    if year and "{year}" not in published.url:
        problem = f"{published.publisher} publishes one file for all years. Remove --year."
        raise FetchError(where=published.url, problem=problem)
    parts = {"year": year or now.year, "moment": now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%S")}
    url, target = published.url.format(**parts), Path(folder, published.name.format(**parts))
    if scheme_of(str(folder)):
        problem = f"{folder} is not a local folder. Give a local folder, and then copy it to S3 with `aws s3 sync`."
        raise FetchError(where=url, problem=problem)
    hidden = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden.touch()  # fail before the download if the folder is not writable
        if published.is_socrata:
            state = {"updated_at": since, "complete": True} if since else {}
            with hidden.open("wb") as file:
                for page in pages(Feed("socrata", url, token), state, retries=retries):
                    file.writelines(to_json_lines(page.rows))
        else:
            download(url, hidden, check=lambda: _check_csv(hidden), retries=retries)
        return hidden.replace(target)
    except FeedError as error:
        raise FetchError(where=error.where, problem=error.problem) from error
    except OSError as error:
        raise FetchError(where=url, problem=f"{folder} is not writable ({error.strerror}). Check --to.") from error
    finally:
        if hidden.is_file():
            hidden.unlink()


def _check_csv(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(1) == b"{":
            raise ValueError("the server sent a JSON object instead of a csv file")
