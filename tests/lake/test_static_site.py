"""Test that a published site is complete before its index page links to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lake.errors import SiteError
from lake.static_site import ALWAYS_CHECK, FOREVER, GENERATOR, publish_site

FILES = {"police.1a.html": "<p>police", "assets/report.2b.css": "p {}", "data/cities.3c.csv": "city\n"}
INDEX = f"{GENERATOR}<a href=police.1a.html>"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="city")
        yield client


def objects(client: Any) -> dict[str, str]:
    listed = client.list_objects_v2(Bucket="city").get("Contents", ())
    return {
        entry["Key"]: client.get_object(Bucket="city", Key=entry["Key"])["Body"].read().decode() for entry in listed
    }


def files_in(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_site_on_s3_has_all_files_with_types_and_cache_headers(bucket: Any) -> None:
    published = publish_site(FILES, index=INDEX, target="s3://city/reports/")
    found = objects(bucket)

    assert published.index == "s3://city/reports/index.html"
    assert (published.written, published.unchanged) == (5, 0)
    assert {f"reports/{name}": content for name, content in FILES.items()}.items() <= found.items()
    assert found["reports/index.html"] == INDEX
    headers = {key: bucket.head_object(Bucket="city", Key=key) for key in found}
    assert headers["reports/index.html"]["CacheControl"] == ALWAYS_CHECK
    assert headers["reports/police.1a.html"]["CacheControl"] == FOREVER
    assert headers["reports/police.1a.html"]["ContentType"] == "text/html; charset=utf-8"
    assert headers["reports/data/cities.3c.csv"]["ContentType"] == "text/csv; charset=utf-8"


def test_the_index_page_is_written_last(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    original = boto3.client

    def client(*arguments: Any, **settings: Any) -> Any:
        made = original(*arguments, **settings)
        made.meta.events.register(
            "provide-client-params.s3.PutObject", lambda params, **_: written.append(params["Key"])
        )
        return made

    monkeypatch.setattr(boto3, "client", client)
    publish_site(FILES, index=INDEX, target="s3://city")

    assert written[-1] == "index.html"
    assert {*FILES} < {*written[:-1]}


def test_files_of_earlier_versions_are_kept_and_not_written_again(bucket: Any) -> None:
    publish_site(FILES, index=INDEX, target="s3://city")
    newer = {**FILES, "police.9z.html": "<p>new"}
    del newer["police.1a.html"]
    published = publish_site(newer, index=f"{GENERATOR}new", target="s3://city")
    found = objects(bucket)

    assert (published.written, published.unchanged) == (3, 2)  # the new page, and the new index page under two names
    assert found["police.1a.html"] == "<p>police"
    assert found["index.html"] == f"{GENERATOR}new"
    assert len([name for name, content in found.items() if content == INDEX]) == 1  # the old index page


def test_a_failed_file_leaves_the_old_index_page(tmp_path: Path) -> None:
    target = str(tmp_path / "www")
    publish_site(FILES, index=INDEX, target=target)

    with pytest.raises(SiteError, match=r"cannot be written \(File name too long\)"):
        publish_site({"x" * 300: "new"}, index=f"{GENERATOR}new", target=target)
    assert files_in(tmp_path / "www")["index.html"] == INDEX


def test_a_folder_gets_the_same_files(tmp_path: Path) -> None:
    publish_site(FILES, index=INDEX, target=str(tmp_path / "www"))
    found = files_in(tmp_path / "www")

    assert FILES.items() <= found.items()
    assert found["index.html"] == INDEX
    assert len(found) == len(FILES) + 2


def test_another_index_page_is_not_replaced(tmp_path: Path, bucket: Any) -> None:
    (tmp_path / "index.html").write_text("<h1>My page</h1>")
    bucket.put_object(Bucket="city", Key="index.html", Body=b"<h1>My page</h1>")

    for target in (str(tmp_path), "s3://city"):
        with pytest.raises(SiteError, match="index.html is not a page of CityLake"):
            publish_site(FILES, index=INDEX, target=target)
    assert files_in(tmp_path) == {"index.html": "<h1>My page</h1>"}
    assert [*objects(bucket)] == ["index.html"]


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(SiteError, match="the folder has other files: notes.txt. Give an empty folder"):
        publish_site(FILES, index=INDEX, target=str(tmp_path))
    assert files_in(tmp_path) == {"notes.txt": "mine"}


def test_a_missing_bucket_is_named(bucket: Any) -> None:
    with pytest.raises(SiteError, match=r"s3://nowhere/x: s3:ListBucket failed .*NoSuchBucket.* Check that the bucket"):
        publish_site(FILES, index=INDEX, target="s3://nowhere/x")
