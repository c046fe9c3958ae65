from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ingest.errors import FetchError
from ingest.fetch import PUBLISHED_FILES, PublishedFile, fetch, find_published_file
from ingest.storage import list_files
from workflows.cli import main

NOW = datetime(2024, 7, 10, 12, 30, tzinfo=timezone.utc)


def local(dataset: str, web, name: str | None = None) -> PublishedFile:
    """Return a published file whose address is on the web server of the test."""
    published = find_published_file(dataset, name)
    return replace(published, url=re.sub("^https://[^/]+", web.url, published.url))


def test_a_file_is_downloaded_under_its_published_name(web, retries, tmp_path: Path) -> None:
    web.respond(b"Date;CallsOffered\n")

    path = fetch(local("contact_centre", web), tmp_path / "new" / "landing", now=NOW, retries=retries)

    assert path == tmp_path / "new" / "landing" / "3-1-1-contact-centre-metrics.csv"
    assert path.read_bytes() == b"Date;CallsOffered\n"
    assert web.queries == [{"use_labels": "true"}]


def test_only_names_of_yearly_files_contain_a_year(web, retries, tmp_path: Path) -> None:
    for _ in range(3):
        web.respond(b"Case Summary\n")
    denver, vancouver = local("service_requests", web), local("service_requests", web, "vancouver")

    names = [fetch(denver, tmp_path, now=NOW, year=year, retries=retries).name for year in (None, 2019)]

    assert names == ["311_service_data_2024.csv", "311_service_data_2019.csv"]
    assert fetch(vancouver, tmp_path, now=NOW, retries=retries).name == "3-1-1-service-requests.csv"


def test_each_download_of_dispatches_adds_a_file(web, retries, tmp_path: Path) -> None:
    rows = [{":id": "row-1", ":updated_at": "2024-07-10T12:00:00.000Z", "incident_id": "P1"}]
    for _ in range(2):
        web.respond(json.dumps(rows).encode())
    published = local("police_dispatch", web)

    path = fetch(published, tmp_path, now=NOW, token="token", retries=retries)
    fetch(published, tmp_path, now=NOW.replace(hour=13), since="2024-07-10T12:00:00Z", retries=retries)

    assert path.name == "police-dispatched-incidents-20240710T123000.json"
    (event,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert event.pop("row_ts").endswith("Z")
    assert event == {"incident_id": "P1"}
    assert web.headers[0]["X-App-Token"] == "token"
    assert web.queries[1]["$where"] == ":updated_at >= '2024-07-10T11:50:00.000Z'"
    assert len(list_files(str(tmp_path))) == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"missing": 3},
        {"missing": 3, "chunked": True},
        {"status": 503},
        {"body": b"<!DOCTYPE html><p>Back soon"},
        {"body": b""},
        {"body": b'{"error_code": "ODSQLError"}'},
    ],
)
def test_failed_downloads_do_not_change_existing_files(web, retries, tmp_path: Path, broken: dict) -> None:
    published = local("inquiry_volume", web)
    web.respond(b"the one before")
    path = fetch(published, tmp_path, now=NOW, retries=retries)
    for _ in range(6):
        web.respond(**({"body": b"Department;Type"} | broken))

    with pytest.raises(
        FetchError, match=f"{re.escape(published.url)}: the request failed, and its retries too: .* Check the address"
    ):
        fetch(published, tmp_path, now=NOW, retries=retries)

    assert path.read_bytes() == b"the one before"
    assert [*tmp_path.iterdir()] == [path]

    web.respond(b"Department;Type", missing=3)
    web.respond(b"Department;Type")
    fetch(published, tmp_path, now=NOW, retries=retries)
    assert path.read_bytes() == b"Department;Type"


def test_unwritable_folders_are_rejected_before_the_download(web, retries, tmp_path: Path) -> None:
    (tmp_path / "landing").write_text("a file")

    with pytest.raises(FetchError, match=r"landing is not writable \(File exists\). Check --to"):
        fetch(local("inquiry_volume", web), tmp_path / "landing", now=NOW, retries=retries)
    assert web.queries == []


@pytest.mark.parametrize(("option", "problem"), [({"since": "2024-01-01"}, "--since"), ({"year": 2024}, "--year")])
def test_inapplicable_options_are_rejected(web, retries, tmp_path: Path, option: dict, problem: str) -> None:
    with pytest.raises(FetchError, match=f"vancouver publishes .* Remove {problem}"):
        fetch(local("inquiry_volume", web), tmp_path, now=NOW, retries=retries, **option)
    assert web.queries == []


@pytest.mark.parametrize("to", ["s3://city/landing", Path("s3://city/landing"), "gs:landing"])
def test_remote_destinations_are_rejected_before_the_download(
    web, retries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str | Path
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(FetchError, match=f"{to} is not a local folder"):
        fetch(local("inquiry_volume", web), to, now=NOW, retries=retries)
    assert (web.queries, [*tmp_path.iterdir()]) == ([], [])


def test_invalid_start_time_is_a_usage_error(capsys: pytest.CaptureFixture) -> None:
    """The option `--since` sets the start time."""
    with pytest.raises(SystemExit) as ended:
        main(["fetch", "police_dispatch", "--to", "landing", "--since", "yesterday"])

    assert ended.value.code == 2
    message = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "'--since': 'yesterday' is not a valid time. Expected a time such as 2024-07-10" in message


def test_incomplete_downloads_are_not_listed(web, retries, tmp_path: Path) -> None:
    published = local("inquiry_volume", web)
    seen: list[list[str]] = []

    def answer(query: dict[str, str]) -> bytes:
        (tmp_path / ".3-1-1-inquiry-volume.csv.part").write_bytes(b"from a process that was killed")
        seen.append([file.name for file in list_files(str(tmp_path))])
        return b"Department;Type"

    web.respond_to = answer

    assert fetch(published, tmp_path, now=NOW, retries=retries).read_bytes() == b"Department;Type"
    assert seen == [[]]


def test_published_files_are_found_by_dataset_and_publisher() -> None:
    assert {dataset: [file.publisher for file in files] for dataset, files in PUBLISHED_FILES.items()} == {
        "contact_centre": ["vancouver"],
        "inquiry_volume": ["vancouver"],
        "service_requests": ["denver", "vancouver"],
        "police_dispatch": ["montgomery"],
    }
    assert find_published_file("service_requests").publisher == "denver"
    with pytest.raises(
        FetchError, match=r"'boston' does not publish this dataset. Expected one of \['denver', 'vancouver'\]"
    ):
        find_published_file("service_requests", "boston")
    with pytest.raises(
        FetchError, match=r"registrar: no city publishes this dataset. Expected one of \['contact_centre', "
    ):
        find_published_file("registrar")


def test_source_option_selects_the_city(
    web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    web.respond(b"department,status\n")
    monkeypatch.setitem(
        PUBLISHED_FILES,
        "service_requests",
        (*PUBLISHED_FILES["service_requests"][:1], local("service_requests", web, "vancouver")),
    )
    landing = tmp_path / "landing"

    with pytest.raises(SystemExit) as ended:
        main(["fetch", "service_requests", "--source", "vancouver", "--to", str(landing)])

    assert ended.value.code == 0
    assert (landing / "3-1-1-service-requests.csv").read_bytes() == b"department,status\n"
    assert "18 bytes" in capsys.readouterr().out

    with pytest.raises(SystemExit) as ended:
        main(["fetch", "service_requests", "--source", "oslo", "--to", str(landing)])
    assert ended.value.code == 1
    message = " ".join(capsys.readouterr().err.split())
    assert "'oslo' does not publish this dataset. Expected one of ['denver', 'vancouver']" in message
