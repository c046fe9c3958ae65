"""Change cells of a sample, so that each row-level expectation fails. The real build and gate verify the failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from expectations.bits import FAILED, WARNINGS
from expectations.core import ROW_LEVEL
from expectations.gate import compile_gate, is_mark
from expectations.suite import Expectation, Suite
from ingest.raw import ingest, read_raw
from jobs.publisher import Publisher
from transforms.dataset import Dataset
from workflows.sampling.changes import Change, Changes, Place, apply_changes
from workflows.sampling.rows import SampleFile, write_files
from workflows.session import interpreted_session

MAX_ROUNDS = 12
"""Maximum number of times that the sample is built to find changes."""

_MAX_IDLE_ROUNDS = 3
_MAX_CORRECTIONS = 3
_KEY = b"a made-up key for samples. Do not use it for real data."
_RUN = "sample"
_TOO_FEW_ROWS = "the sample has too few rows to make a row fail. Draw more rows with --rows"

Failures = Mapping[Place, frozenset[str]]
"""The ids of the failed expectations of each row."""


@dataclass(frozen=True)
class BrokenSample:
    """A sample in which rows fail expectations.

    Attributes:
        files: The sample files with the changed cells.
        rows: The rows that fail, by the id of the expectation.
        unbroken: The reason for each expectation that no row fails, by the id of the expectation.
    """

    files: list[SampleFile]
    rows: dict[str, list[Place]]
    unbroken: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleGate:
    """Builds and validates samples with the code that publishes the dataset.

    Attributes:
        dataset: The dataset.
        suite: The suite of the dataset.
        parameters: The values of the suite parameters, by name.
    """

    dataset: Dataset
    suite: Suite
    parameters: Mapping[str, Any]

    def failures(self, files: Sequence[SampleFile]) -> Failures:
        """Ingest the files into a temporary warehouse, build the rows, and return the expectations that each row fails.

        A row that another row with the same key supersedes is missing from the result.
        """
        with TemporaryDirectory() as folder:
            landing = Path(folder, "landing")
            write_files(files, landing, dataset=self.dataset)
            spark = interpreted_session(str(Path(folder, "warehouse")))
            name = self.dataset.name
            options = {"layouts": self.dataset.source_columns, "text_format": self.dataset.text_format}
            ingest(spark, dataset=name, landing=str(landing), run_id=_RUN, **options)  # type: ignore[arg-type]
            key = _KEY if self.dataset.uses_masking_key else None
            publisher = Publisher(spark, self.dataset, _RUN, masking_key=key, parameters=self.parameters)
            marked = publisher.candidates(read_raw(spark, name))
            unmarked = marked.drop(*(column for column in marked.columns if is_mark(column)))
            gate = compile_gate(unmarked, suite=self.suite, parameters=self.parameters)
            rows = gate.with_failed_ids(marked).select("_source_file", "_row_number", FAILED, WARNINGS).collect()
        numbers = {file.name: number for number, file in enumerate(files)}
        return {
            (numbers[row["_source_file"]], row["_row_number"] - 2): frozenset(
                (*(row[FAILED] or ()), *(row[WARNINGS] or ()))
            )
            for row in rows
        }


def break_expectations(
    files: Sequence[SampleFile],
    *,
    gate: SampleGate,
    few_values: Mapping[str, Sequence[str]],
    random: Random,
    watch: Callable[[str], AbstractContextManager[None]],
) -> BrokenSample:
    """Change cells until at least one row fails each row-level expectation, if a change of cells can do this.

    Each round builds the sample with many changes, each in another row. The changes that make an expectation fail are
    kept. If several changes are kept, the sample gets the change that makes the fewest other expectations fail. At the
    end, the complete sample is built again, and only the failures of this build are returned.

    Args:
        files: The sample files. They are not changed.
        gate: The build and the suite of the dataset.
        few_values: The values of columns with few different values, by the name of the source column.
        random: The source of random values.
        watch: A function that shows a text while the sample is built.
    """
    wanted = {item.id: item for item in gate.suite.expectations if item.type in ROW_LEVEL}
    options = {
        id_: Changes(item, files, dataset=gate.dataset, few_values=few_values, random=random)
        for id_, item in wanted.items()
    }
    with watch("building the drawn rows"):
        before = gate.failures(files)
    natural = {id_: place for place, ids in sorted(before.items(), reverse=True) for id_ in ids}
    found: dict[str, list[tuple[int, Change]]] = {
        id_: [] for id_, item in wanted.items() if id_ not in natural and not _is_kept_by_publisher(item, gate.dataset)
    }
    idle = 0
    for number in range(1, MAX_ROUNDS + 1):
        missing = [id_ for id_, changes in found.items() if not changes]
        tried = _choose(files, [options[id_] for id_ in missing], kept={*natural.values()})
        if not tried or idle == _MAX_IDLE_ROUNDS:
            break
        with watch(f"trying {len(tried)} changes of cells, round {number}. Expectations left: {len(missing)}"):
            after = gate.failures(apply_changes(files, tried))
        for change in tried:
            nothing: frozenset[str] = frozenset()
            ids = {id_ for place in change.touches for id_ in after.get(place, nothing) - before.get(place, nothing)}
            for id_ in ids & found.keys():
                found[id_].append((len(ids), change))
        idle = 0 if any(found[id_] for id_ in missing) else idle + 1
    counts = {id_: each.tried for id_, each in options.items()}
    with watch("building the sample"):
        return _combine(files, found, gate=gate, kept={*natural.values()}, wanted=wanted, tried=counts)


def _choose(files: Sequence[SampleFile], options: Sequence[Changes], *, kept: set[Place]) -> list[Change]:
    """Choose changes of different rows, except the rows in `kept`. Each expectation gets one change in turn."""
    taken = set(kept)
    chosen: list[Change] = []
    waiting = list(options)
    while waiting and len(taken) < sum(len(file.rows) for file in files):
        remaining = []
        for each in waiting:
            if change := each.next(taken):
                chosen.append(change)
                taken |= change.touches
                remaining.append(each)
        waiting = remaining
    return chosen


def _combine(
    files: Sequence[SampleFile],
    found: dict[str, list[tuple[int, Change]]],
    *,
    gate: SampleGate,
    kept: set[Place],
    wanted: Mapping[str, Expectation],
    tried: Mapping[str, int],
) -> BrokenSample:
    """Apply one change for each expectation, each in another row, and verify the result."""
    for changes in found.values():
        changes.sort(key=lambda item: item[0])
    breakable = {id_ for id_, changes in found.items() if changes}
    used: dict[str, Change] = {}
    rows: dict[str, list[Place]] = {}
    copies = list(files)
    for _ in range(_MAX_CORRECTIONS):
        for id_, changes in sorted(found.items(), key=lambda item: len(item[1])):
            if id_ in rows:
                continue
            if (old := used.pop(id_, None)) and changes:
                # The last build did not confirm this change.
                changes[:] = [item for item in changes if item[1].cells != old.cells or item[1].place != old.place]
            taken = kept.union(*(change.touches for change in used.values()))
            free = [change for _, change in changes if not change.touches & taken]
            if free or (free := [moved for _, change in changes if (moved := change.move(files, taken))]):
                used[id_] = free[0]
        copies = apply_changes(files, [*used.values()])
        rows = {}
        for place, ids in sorted(gate.failures(copies).items()):
            for id_ in ids:
                rows.setdefault(id_, []).append(place)
        if all(id_ in rows for id_, changes in found.items() if changes):
            break
    unbroken = {
        item.id: _TOO_FEW_ROWS if item.id in breakable else _reason(item, gate.dataset, files, tried.get(item.id, 0))
        for item in gate.suite.expectations
        if item.id not in rows
    }
    return BrokenSample(copies, {id_: rows[id_] for id_ in wanted if id_ in rows}, unbroken)


def _is_kept_by_publisher(expectation: Expectation, dataset: Dataset) -> bool:
    """Return whether the expectation says that the key is unique. The publisher keeps one row for each key."""
    types = ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique")
    return expectation.type in types and {*expectation.columns} == {*dataset.key}


def _reason(expectation: Expectation, dataset: Dataset, files: Sequence[SampleFile], tried: int) -> str:
    if expectation.type not in ROW_LEVEL:
        return "the expectation is about the whole table, and not about single rows"
    if _is_kept_by_publisher(expectation, dataset):
        return "the publisher keeps only the last row of each key, so no change of a cell makes a row fail"
    if not tried:
        return _TOO_FEW_ROWS
    present = {name for file in files for column in file.columns for name in column.fields}
    fields = {field.name for field in dataset.fields}
    if lacking := [name for name in expectation.columns if name in fields - present]:
        hint = f". Files of another layout have a column for {', '.join(lacking)}. Give such a file with --from"
    else:
        hint = ""
    return f"no row failed, although {tried} changes of cells were tried{hint}"
