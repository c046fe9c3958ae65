"""Test that a published site is complete before its index page links to it."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
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


@pytest.fixture
def on_request(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str, Any], None]], None]:
    """Return a function that registers a callback. Each request calls the callback with its action and parameters."""
    original = boto3.client

    def register(callback: Callable[[str, Any], None]) -> None:
        def client(*arguments: Any, **settings: Any) -> Any:
            made = original(*arguments, **settings)
            made.meta.events.register(
                "provide-client-params.s3", lambda params, model, **_: callback(model.name, params)
            )
            return made

        monkeypatch.setattr(boto3, "client", client)

    return register


def deny(action: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, action)


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


def test_the_index_page_is_written_last(on_request: Any) -> None:
    requests: list[tuple[str, str]] = []
    on_request(lambda action, params: requests.append((action, params.get("Key", ""))))
    publish_site(FILES, index=INDEX, target="s3://city")
    (listing, *_), (first, *files, last) = requests[0], [key for _, key in requests[1:]]

    assert listing == "ListObjectsV2"
    assert first.startswith("index.")
    assert {*files} == {*FILES}
    assert last == "index.html"


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
    assert not [name for name in files_in(tmp_path / "www") if name.startswith(".")]


def test_a_full_disk_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    try:
        with pytest.raises(SiteError, match=r"large\.html cannot be written \(File too large\)"):
            publish_site({"large.html": "x" * 2**21}, index=INDEX, target=str(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [name.split(".")[0] for name in files_in(tmp_path)] == ["index"]


def test_a_failed_first_publish_to_a_folder_can_be_repeated(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="cannot be written"):
        publish_site({**FILES, "x" * 300: "new"}, index=INDEX, target=str(tmp_path))
    assert "index.html" not in files_in(tmp_path)
    publish_site(FILES, index=f"{GENERATOR}new", target=str(tmp_path))

    assert files_in(tmp_path)["index.html"] == f"{GENERATOR}new"


def test_a_failed_first_publish_to_s3_can_be_repeated(bucket: Any, on_request: Any) -> None:
    def deny_style(action: str, params: Any) -> None:
        if params.get("Key", "").endswith(".css"):
            raise deny(action)

    on_request(deny_style)
    with pytest.raises(SiteError, match=r"s3:PutObject failed .*AccessDenied.* your role allows s3:PutObject"):
        publish_site(FILES, index=INDEX, target="s3://city")
    assert "index.html" not in objects(bucket)
    publish_site({"police.2c.html": "<p>new"}, index=f"{GENERATOR}new", target="s3://city")

    assert objects(bucket)["index.html"] == f"{GENERATOR}new"


def test_no_upload_begins_after_an_error(on_request: Any) -> None:
    started: list[str] = []

    def deny_pages(action: str, params: Any) -> None:
        if "page" in (key := params.get("Key", "")):
            started.append(key)
            sleep(1 if key == "page.0.html" else 0.01)  # The other files fail while the first file is uploaded.
            raise deny(action)

    on_request(deny_pages)
    with pytest.raises(SiteError, match="AccessDenied"):
        publish_site({f"page.{number}.html": "" for number in range(200)}, index=INDEX, target="s3://city")
    assert len(started) < 100


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


def test_a_target_with_other_files_is_refused(tmp_path: Path, bucket: Any) -> None:
    other = {"index.en.html": "<h1>My page</h1>", "notes.txt": "mine"}
    for name, content in other.items():
        (tmp_path / name).write_text(content)
        bucket.put_object(Bucket="city", Key=name, Body=content.encode())

    for target in (str(tmp_path), "s3://city"):
        with pytest.raises(SiteError, match="the folder has other files: index.en.html, notes.txt. Give an empty"):
            publish_site(FILES, index=INDEX, target=target)
    assert files_in(tmp_path) == objects(bucket) == other


def test_an_empty_folder_on_s3_is_used(bucket: Any) -> None:
    bucket.put_object(Bucket="city", Key="reports/", Body=b"")  # The console of AWS creates folders in this way.
    publish_site(FILES, index=INDEX, target="s3://city/reports")

    assert objects(bucket)["reports/index.html"] == INDEX


def test_a_name_that_is_too_long_is_an_error_of_the_site(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"cannot be read \(File name too long\)"):
        publish_site(FILES, index=INDEX, target=str(tmp_path / ("x" * 300)))


def test_a_missing_profile_is_named(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_PROFILE", "missing")

    with pytest.raises(
        SiteError, match=r"s3://city: the S3 client cannot be created .*missing.* Check your AWS profile"
    ):
        publish_site(FILES, index=INDEX, target="s3://city")


def test_a_missing_bucket_is_named(bucket: Any) -> None:
    with pytest.raises(SiteError, match=r"s3://nowhere/x: s3:ListBucket failed .*NoSuchBucket.* Check that the bucket"):
        publish_site(FILES, index=INDEX, target="s3://nowhere/x")
