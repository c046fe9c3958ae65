"""Java starts with the archive of classes that `make setup` writes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from lake.session import CLASS_ARCHIVE, local_settings
from workflows.class_archive import write_class_archive


def test_java_reads_the_archive(spark) -> None:
    if not CLASS_ARCHIVE.exists():
        pytest.skip("make setup could not write the archive with this version of Java")
    process = spark._jvm.java.lang.ProcessHandle.current().pid()
    assert CLASS_ARCHIVE.name in Path(f"/proc/{process}/maps").read_text()


def test_java_starts_without_an_archive(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("lake.session.CLASS_ARCHIVE", tmp_path / "classes.jsa")
    assert "SharedArchiveFile" not in local_settings()["spark.driver.extraJavaOptions"]


@pytest.mark.parametrize("options", ["-javaagent:agent.jar", "-agentpath:/opt/lib.so", "-XX:StartFlightRecording"])
def test_java_does_not_read_the_archive_with_an_agent(monkeypatch, archive: Path, options: str) -> None:
    monkeypatch.setattr("lake.session.CLASS_ARCHIVE", archive)
    assert "SharedArchiveFile" in local_settings()["spark.driver.extraJavaOptions"]
    monkeypatch.setenv("SPARK_SUBMIT_OPTS", options)
    assert "SharedArchiveFile" not in local_settings()["spark.driver.extraJavaOptions"]


def test_path_of_the_archive_can_contain_spaces(monkeypatch, tmp_path: Path) -> None:
    archive = tmp_path / "a folder" / "classes.jsa"
    archive.parent.mkdir()
    archive.touch()
    monkeypatch.setattr("lake.session.CLASS_ARCHIVE", archive)
    assert f"-XX:SharedArchiveFile='{archive}'" in local_settings()["spark.driver.extraJavaOptions"]


@pytest.fixture
def archive(monkeypatch, tmp_path: Path) -> Path:
    path = tmp_path / "classes.jsa"
    path.touch()
    monkeypatch.setattr("workflows.class_archive.CLASS_ARCHIVE", path)
    return path


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (1, "run contact_centre --quiet failed. Its output is:\nNo space"),
        (0, "Java wrote no archive. Its output is:\nNo"),
    ],
)
def test_without_a_new_archive_the_output_is_printed(monkeypatch, archive: Path, status: int, message: str) -> None:
    ended = subprocess.CompletedProcess([], status, b"No space left on device")
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: ended)
    archive.with_suffix(".unfinished").touch()  # a killed process has left this file
    with pytest.raises(SystemExit, match=re.escape(message)):
        write_class_archive()
    assert not archive.exists()  # the run does not load an old archive while it writes the new one
