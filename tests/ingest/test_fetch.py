from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ingest.errors import FetchError
from ingest.fetch import SOURCES, Source, fetch, source_of
from ingest.storage import list_files
from workflows.cli import main

NOW = datetime(2024, 7, 10, 12, 30, tzinfo=timezone.utc)


def local(dataset: str, web, name: str | None = None) -> Source:
    """Return a dataset's source as if it were published by the test's own server."""
    source = source_of(dataset, name)
    return replace(source, url=re.sub("^https://[^/]+", web.url, source.url))


def test_a_file_is_fetched_under_its_own_name(web, tmp_path: Path) -> None:
    web.will_say(b"Date;CallsOffered\n")

    path = fetch(local("contact_centre", web), tmp_path / "new" / "landing", now=NOW, sleep=web.sleep)

    assert path == tmp_path / "new" / "landing" / "3-1-1-contact-centre-metrics.csv"
    assert path.read_bytes() == b"Date;CallsOffered\n"
    assert web.queries == [{"use_labels": "true"}]


def test_denvers_file_is_of_a_year_and_vancouver_is_named(web, tmp_path: Path) -> None:
    for _ in range(3):
        web.will_say(b"Case Summary\n")
    denver, vancouver = local("service_requests", web), local("service_requests", web, "vancouver")

    names = [fetch(denver, tmp_path, now=NOW, year=year, sleep=web.sleep).name for year in (None, 2019)]

    assert names == ["311_service_data_2024.csv", "311_service_data_2019.csv"]
    assert fetch(vancouver, tmp_path, now=NOW, sleep=web.sleep).name == "3-1-1-service-requests.csv"


def test_dispatches_are_fetched_as_json_lines_in_a_file_of_their_own(web, tmp_path: Path) -> None:
    rows = [{":id": "row-1", ":updated_at": "2024-07-10T12:00:00.000Z", "incident_id": "P1"}]
    for _ in range(2):
        web.will_say(json.dumps(rows).encode())
    source = local("police_dispatch", web)

    path = fetch(source, tmp_path, now=NOW, token="token", sleep=web.sleep)
    fetch(source, tmp_path, now=NOW.replace(hour=13), since="2024-07-10T12:00:00Z", sleep=web.sleep)

    assert path.name == "police-dispatched-incidents-20240710T123000.json"
    (event,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert event.pop("row_ts").endswith("Z")
    assert event == {"incident_id": "P1"}
    assert web.headers[0]["X-App-Token"] == "token"
    assert web.queries[1]["$where"] == ":updated_at >= '2024-07-10T11:50:00.000Z'"
    assert len(list_files(str(tmp_path))) == 2


@pytest.mark.parametrize(
    "broken",
    [{"missing": 3}, {"missing": 3, "chunked": True}, {"status": 503}, {"body": b"<!DOCTYPE html><p>Back soon"}],
)
def test_a_download_that_breaks_off_leaves_what_was_delivered_before(web, tmp_path: Path, broken: dict) -> None:
    source = local("inquiry_volume", web)
    web.will_say(b"the one before")
    path = fetch(source, tmp_path, now=NOW, sleep=web.sleep)
    for _ in range(6):
        web.will_say(**({"body": b"Department;Type"} | broken))

    with pytest.raises(FetchError, match=f"{re.escape(source.url)}: .*, after 6 tries. Run again later"):
        fetch(source, tmp_path, now=NOW, sleep=web.sleep)

    assert path.read_bytes() == b"the one before"
    assert [*tmp_path.iterdir()] == [path]

    web.will_say(b"Department;Type", missing=3)
    web.will_say(b"Department;Type")
    fetch(source, tmp_path, now=NOW, sleep=web.sleep)
    assert path.read_bytes() == b"Department;Type"


def test_a_folder_that_cannot_be_is_told_before_anything_is_downloaded(web, tmp_path: Path) -> None:
    (tmp_path / "landing").write_text("a file")

    with pytest.raises(FetchError, match=r"it cannot be kept in .*landing \(File exists\). Check --to"):
        fetch(local("inquiry_volume", web), tmp_path / "landing", now=NOW, sleep=web.sleep)
    assert web.queries == []


@pytest.mark.parametrize(("option", "problem"), [({"since": "2024-01-01"}, "--since"), ({"year": 2024}, "--year")])
def test_what_a_source_does_not_know_is_not_ignored(web, tmp_path: Path, option: dict, problem: str) -> None:
    with pytest.raises(FetchError, match=f"vancouver .* Leave {problem} out"):
        fetch(local("inquiry_volume", web), tmp_path, now=NOW, sleep=web.sleep, **option)
    assert web.queries == []


@pytest.mark.parametrize("to", ["s3://city/landing", Path("s3://city/landing"), "gs:landing"])
def test_a_place_that_is_no_folder_is_told_before_anything_is_downloaded(
    web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str | Path
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(FetchError, match=f"it cannot be kept in {to}, only in a folder of this machine"):
        fetch(local("inquiry_volume", web), to, now=NOW, sleep=web.sleep)
    assert (web.queries, [*tmp_path.iterdir()]) == ([], [])


def test_a_time_that_is_none_is_a_wrong_usage(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fetch", "police_dispatch", "--to", "landing", "--since", "yesterday"])

    assert ended.value.code == 2
    message = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "'--since': 'yesterday' is not a valid time. Expected a time such as 2024-07-10" in message


def test_what_is_being_downloaded_is_no_delivery(web, tmp_path: Path) -> None:
    source = local("inquiry_volume", web)
    seen: list[list[str]] = []

    def answer(query: dict[str, str]) -> bytes:
        (tmp_path / ".3-1-1-inquiry-volume.csv.part").write_bytes(b"of a process that was killed")
        seen.append([file.name for file in list_files(str(tmp_path))])
        return b"Department;Type"

    web.otherwise = answer

    assert fetch(source, tmp_path, now=NOW, sleep=web.sleep).read_bytes() == b"Department;Type"
    assert seen == [[]]


def test_sources_are_found_by_dataset_and_name() -> None:
    assert {dataset: [source.name for source in sources] for dataset, sources in SOURCES.items()} == {
        "contact_centre": ["vancouver"],
        "inquiry_volume": ["vancouver"],
        "service_requests": ["denver", "vancouver"],
        "police_dispatch": ["montgomery"],
    }
    assert source_of("service_requests").name == "denver"
    with pytest.raises(
        FetchError, match=r"nothing is published by 'boston'. Expected one of \['denver', 'vancouver'\]"
    ):
        source_of("service_requests", "boston")
    with pytest.raises(FetchError, match="registrar: it is published nowhere. Datasets to fetch: contact_centre, "):
        source_of("registrar")


def test_the_command_fetches_from_the_city_that_is_named(
    web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    web.will_say(b"department,status\n")
    monkeypatch.setitem(
        SOURCES, "service_requests", (*SOURCES["service_requests"][:1], local("service_requests", web, "vancouver"))
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
    said = " ".join(capsys.readouterr().err.split())
    assert "nothing is published by 'oslo'. Expected one of ['denver', 'vancouver']" in said
