"""Damaged and unusual files are read, or refused with a reason. They never give wrong rows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from pyspark.sql import SparkSession

from ingest.raw import ingest
from tests.ingest.mutations import COLUMNS, COUNT, Mutation, make_mutations

SEED = 24
FILES_IN_BATCH = 125
MAX_MEMORY_MIB = 700
"""A cell can have 16 million characters, which take up to 64 MB. A used range can take 320 MB."""


@pytest.fixture(scope="module")
def mutations() -> list[Mutation]:
    return list(make_mutations(SEED))


@pytest.mark.parametrize("batch", range(COUNT // FILES_IN_BATCH))
def test_no_file_gives_wrong_rows(lake: SparkSession, tmp_path: Path, mutations: list[Mutation], batch: int) -> None:
    files = {each.name: each for each in mutations[batch * FILES_IN_BATCH : (batch + 1) * FILES_IN_BATCH]}
    for name, mutation in files.items():
        (tmp_path / name).write_bytes(mutation.content)

    done = ingest(
        lake,
        dataset=f"mutations_{batch}",
        landing=str(tmp_path),
        layouts={"one": COLUMNS},
        run_id="r",
        skip_unreadable=True,
    )

    assert {*done.files} | {*done.skipped} | {*done.known} == {*files}
    problems = [f"{name}: {reason}" for name, reason in done.skipped.items() if not is_clear(reason)]
    found: dict[str, list[tuple[str | None, ...]]] = {name: [] for name in done.files}
    rows = lake.table(f"lake.raw.mutations_{batch}").where("_malformed_record IS NULL")
    for row in rows.select("_source_file", *COLUMNS).collect():
        found[row[0]].append(tuple(row[1:]))
    for name, mutation in files.items():
        if name in done.skipped and mutation.must_be_read:
            problems.append(f"{name} is refused: {done.skipped[name]}")
        if name in found:
            problems += [f"{name}: {problem}" for problem in compare(mutation, found[name])]
    assert problems == []
    assert min(len(found), len(done.skipped)) > FILES_IN_BATCH // 4


def is_clear(reason: str) -> bool:
    words = ("Traceback", "Exception", "py4j", "None", "object at")
    return reason.endswith((".", "?")) and len(reason) > 40 and not any(word in reason for word in words)


def compare(mutation: Mutation, found: list[tuple[str | None, ...]]) -> list[str]:
    """Return the differences between the rows of a valid file and the rows that were read from its mutation."""
    if mutation.touched is None:
        return ["the file is read, but must be refused"]
    right = sum(mutation.rows.get(str(row[0])) == row for row in found)
    wrong, missing = len(found) - right, len(mutation.rows) - right
    repeated = [key for key, count in Counter(row[0] for row in found).items() if count > 1 and key in mutation.rows]
    problems = [f"the row {key} is read twice" for key in repeated]
    if wrong > (mutation.wrong or 0) or missing > mutation.touched:
        allowed = f"Allowed: {mutation.wrong} wrong and {mutation.touched} missing"
        problems.append(f"{right} rows are right, {wrong} wrong and {missing} missing. {allowed}")
    return problems


def test_reading_takes_limited_memory(tmp_path: Path, mutations: list[Mutation]) -> None:
    """Each file is read in one process, without Spark. The outcome is the number of records, or the reason."""
    for mutation in mutations:
        (tmp_path / mutation.name).write_bytes(mutation.content)
    code = f"""
        import json, sys
        from pathlib import Path
        from ingest import json_objects, text_file, workbook
        from ingest.compressed import open_content
        from ingest.errors import LandedFileError

        def count(name, uri):
            if ".json" in name:
                with open_content(name, uri) as stream:
                    return sum(1 for _ in json_objects.find_records(iter(lambda: stream.read(1 << 20), b"")))
            reader, read = (workbook, "read_rows") if ".xls" in name else (text_file, "read_records")
            header = reader.read_header(name, uri, layouts={{"one": {COLUMNS!r}}})
            return sum(1 for _ in getattr(reader, read)(name, uri, header))

        outcomes = {{}}
        for path in sorted(Path(sys.argv[1]).iterdir()):
            try:
                outcomes[path.name] = count(path.name, str(path))
            except LandedFileError as error:
                outcomes[path.name] = str(error)
        peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
        print(json.dumps([outcomes, int(peak) >> 10]))
    """
    command = [sys.executable, "-c", dedent(code), str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    outcomes, peak = json.loads(done.stdout)

    refused: Mapping[str, str] = {name: text for name, text in outcomes.items() if isinstance(text, str)}
    assert len(outcomes) == COUNT
    assert [text for name, text in refused.items() if not text.startswith(f"{name}: ")] == []
    assert len(refused) > COUNT // 4
    assert peak < MAX_MEMORY_MIB
