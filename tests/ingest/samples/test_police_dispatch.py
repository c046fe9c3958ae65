"""Check that samples of dispatched incidents contain the errors of the feed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expectations.standard import load_suite
from ingest.samples import police_dispatch as samples


def read_lines(path: Path) -> list[str]:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode().splitlines()


def read_records(line: str) -> Iterator[dict[str, Any] | None]:
    """Yield the JSON objects of a line, and None for a broken object."""
    while line:
        try:
            record, end = json.JSONDecoder().raw_decode(line)
        except json.JSONDecodeError:
            yield None
            return
        yield record
        line = line[end:].lstrip()


def test_the_samples_contain_every_error_of_the_feed(tmp_path: Path) -> None:
    samples.write(tmp_path, rows=1500)
    truth = json.loads((tmp_path / "_truth.json").read_text())
    files = sorted(path for path in tmp_path.glob("2*/**/*") if path.is_file())
    lines = [line for path in files for line in read_lines(path)]
    records = [record for line in lines for record in read_records(line)]
    text = "\n".join(lines)

    assert {path.suffix for path in files} == {"", ".gz"}
    assert {len(path.relative_to(tmp_path).parts) for path in files} == {5}
    assert len(records) > len(lines)  # some lines have two objects
    assert None in records  # some lines are truncated
    assert {type(record["dispatch_arrive"]) for record in records if record and "dispatch_arrive" in record} == {
        *(str, int, float, type(None)),
    }
    for piece in ('"start_time": "2024-11-03T01:', '"geolocation": "POINT (', '"latitude": "', '"type": "Point"'):
        assert piece in text
    assert all(":@computed_region_6vgr_duib" in record for record in records if record)
    assert truth["counts"]["duplicates"] > 0
    assert all(truth["warned"].values())
    assert len(truth["warned"]) == sum(
        item.severity == "warning" for item in load_suite("police_dispatch").expectations
    )
    critical = {item.id for item in load_suite("police_dispatch").expectations if item.severity == "critical"}
    assert set(truth["quarantined"]) == critical
