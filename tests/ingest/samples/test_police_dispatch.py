"""Samples of dispatched incidents hold the dirt of the feed: so the test of the truth is worth something."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expectations.suite import load_suite
from ingest.samples import police_dispatch as samples


def sample(folder: Path, **options: Any) -> dict[str, Any]:
    samples.write(folder, **options)
    return json.loads((folder / "_truth.json").read_text())


def delivered(folder: Path) -> list[Path]:
    """Return the landing files, in the order of their names."""
    return sorted(path for path in folder.glob("2*/**/*") if path.is_file())


def lines_of(path: Path) -> list[str]:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode().splitlines()


def records(line: str) -> Iterator[dict[str, Any] | None]:
    """Return the objects of a line, one behind another; None for what is none."""
    while line:
        try:
            record, end = json.JSONDecoder().raw_decode(line)
        except json.JSONDecodeError:
            yield None
            return
        yield record
        line = line[end:].lstrip()


def test_samples_hold_the_dirt_of_the_feed(tmp_path: Path) -> None:
    """What this asserts is what makes the test of the truth worth something."""
    truth = sample(tmp_path, rows=1500)
    files = delivered(tmp_path)
    lines = [line for path in files for line in lines_of(path)]
    found = [record for line in lines for record in records(line)]
    text = "\n".join(lines)

    assert {path.suffix for path in files} == {"", ".gz"}
    assert {len(path.relative_to(tmp_path).parts) for path in files} == {5}
    assert len(found) > len(lines)  # objects on one line
    assert None in found  # lines cut off
    assert {type(record["dispatch_arrive"]) for record in found if record and "dispatch_arrive" in record} == {
        *(str, int, float, type(None)),
    }
    for piece in ('"start_time": "2024-11-03T01:', '"geolocation": "POINT (', '"latitude": "', '"type": "Point"'):
        assert piece in text
    assert all(":@computed_region_6vgr_duib" in record for record in found if record)
    assert truth["counts"]["duplicates"] > 0
    assert all(truth["warned"].values())
    assert len(truth["warned"]) == sum(
        item.severity == "warning" for item in load_suite("police_dispatch").expectations
    )
    critical = {item.id for item in load_suite("police_dispatch").expectations if item.severity == "critical"}
    assert set(truth["quarantined"]) == critical
