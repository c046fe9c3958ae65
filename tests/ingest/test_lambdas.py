from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from ingest.lambdas import MODULES, build_zips

HANDLERS = Path(__file__).parents[2] / "ingest" / "handlers"
PROVIDED = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {path.stem: path for path in build_zips(tmp_path_factory.mktemp("dist"))}


@pytest.fixture(scope="module")
def provided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with only the packages that AWS provides in a Lambda."""
    folder = tmp_path_factory.mktemp("provided")
    for package in PROVIDED:
        for file in metadata.files(package) or ():
            link = folder / file.parts[0]
            if not link.exists() and ".." not in file.parts:
                link.symlink_to(
                    Path(file.locate()).parents[len(file.parts) - 2] if len(file.parts) > 1 else file.locate()
                )
    return folder


def run_in(folder: Path, provided: Path, code: str, **environment: str) -> str:
    """Run code as a Lambda does: with the files of the zip, but without this project and its environment."""
    code = f"import sys; sys.path[:0] = [{str(folder)!r}, {str(provided)!r}]\n{code}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def unpack(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


def test_each_handler_has_a_zip(zips: dict[str, Path]) -> None:
    assert zips.keys() == MODULES.keys() == {path.stem for path in HANDLERS.glob("[!_]*.py")}


@pytest.mark.parametrize("name", MODULES)
def test_a_handler_is_imported_from_its_zip(zips: dict[str, Path], provided: Path, tmp_path: Path, name: str) -> None:
    """The zip contains no other modules of this project, and Lambda may read its files."""
    folder = unpack(zips[name], tmp_path)
    code = f"""
import json
from ingest.handlers import {name} as module
ours = [each for name, each in sys.modules.items() if name.split(".")[0] in ("ingest", "transforms")]
print(module.handler.__name__)
print(json.dumps([each.__file__ for each in ours]))
"""

    handler, files = run_in(folder, provided, code).splitlines()

    assert handler == "handler"
    ours = {path for path in folder.rglob("*.py") if path.relative_to(folder).parts[0] in ("ingest", "transforms")}
    assert {Path(file) for file in json.loads(files)} == ours
    with zipfile.ZipFile(zips[name]) as archive:
        assert all(entry.external_attr >> 16 == 0o644 for entry in archive.infolist())
        assert not [entry.filename for entry in archive.infolist() if entry.filename.endswith((".so", ".pyc"))]


def test_aggregated_records_are_read_with_the_packages_of_the_zip(zips, provided: Path, tmp_path: Path) -> None:
    folder = unpack(zips["kinesis_to_dynamodb"], tmp_path)
    code = """
from aws_kinesis_agg.aggregator import RecordAggregator
from google.protobuf.internal import api_implementation
from ingest.kinesis_events import split_record
aggregator = RecordAggregator()
aggregator.add_user_record("key", b"{}")
aggregator.add_user_record("key", b'{"n": 2}')
print(api_implementation.Type(), split_record(aggregator.clear_and_get().get_contents()[2]))
"""

    assert run_in(folder, provided, code) == """python [b'{}', b'{"n": 2}']\n"""


def test_the_poller_of_the_zip_sends_rows(zips, provided: Path, tmp_path: Path, web, aws) -> None:
    folder = unpack(zips["feed_poller"], tmp_path)
    web.respond(json.dumps([{":id": "row-1", ":updated_at": "2024-07-10T12:00:00.000Z", "incident_id": "1"}]).encode())
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")
    settings = {"FEED": "socrata", "FEED_URL": web.url, "STREAM": "events", "STATE": "s3://city/state.json"}
    code = "from ingest.handlers import feed_poller as it; import types; "
    code += "print(it.handler({}, types.SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)))"

    printed = run_in(folder, provided, code, **settings, **{name: os.environ[name] for name in names})

    assert printed == "{'rows': 1, 'set_aside': 0, 'complete': True}\n"
    assert [event["incident_id"] for event in aws.landed()] == ["1"]


def test_equal_files_give_equal_zips(zips: dict[str, Path], tmp_path: Path) -> None:
    (again,) = [path for path in build_zips(tmp_path) if path.stem == "kinesis_to_dynamodb"]

    assert again.read_bytes() == zips["kinesis_to_dynamodb"].read_bytes()
