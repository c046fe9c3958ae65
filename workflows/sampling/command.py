"""Draw a sample from real files, and print a summary of the sample."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from expectations.standard import suite_of
from ingest.samples import SampleError
from ingest.samples.files import MASKING_KEY
from transforms.dataset import Dataset
from transforms.datasets import load_dataset
from workflows.output import print_plain, working
from workflows.sampling.breaking import BrokenSample, SampleGate, break_expectations
from workflows.sampling.changes import Place
from workflows.sampling.made_up import Replacements, listed_values, masked_fields, replace_masked_cells
from workflows.sampling.rows import (
    SampleFile,
    all_values,
    draw,
    few_values,
    known_values,
    published_values,
    read_source,
    write_files,
)
from workflows.session import short_session

DEFAULT_ROWS = 200
_MAX_ROWS_IN_LINE = 3
_KEY_TEXT = "a made-up key for samples. Do not use it for real data\n"
_WAREHOUSE = "samples/warehouse"


def draw_sample(
    name: str,
    *,
    sources: Sequence[str],
    folder: Path,
    rows: int | None,
    seed: int,
    parameters: Mapping[str, Any],
    quiet: bool = False,
) -> None:
    """Draw rows from files, replace their sensitive cells, break expectations, and write csv files to the folder.

    Raises:
        SampleError: The files have no row that can be drawn.
        LandingError, LandedFilesError: The files cannot be read.
    """
    dataset = load_dataset(name)
    suite = suite_of(dataset)
    random = Random(seed)  # noqa: S311
    spark = short_session(_WAREHOUSE, quiet=quiet)
    with working("drawing rows", quiet=quiet):
        source = read_source(spark, sources, dataset=dataset)
        files = draw(source, dataset=dataset, rows=rows or DEFAULT_ROWS, seed=seed)
        if not any(file.rows for file in files):
            raise SampleError(rows=rows, problem="the files have no rows. Give files with rows: --from FILE.")
        masked = masked_fields(dataset)
        published = published_values(spark, {name: listed_values(suite, name) for name in masked}, dataset=dataset)
        replaced = replace_masked_cells(
            files,
            dataset=dataset,
            suite=suite,
            published=published,
            random=random,
            taken=lambda values: known_values(source, values, dataset=dataset),
            all_values=all_values(source, sorted(masked), dataset=dataset),
        )
        visible = [column.source for file in files for column in file.columns if not column.fields & masked]
        few = few_values(source, columns=list(dict.fromkeys(visible)))
        few = {name: [value for value in values if not replaced.reveals(value)] for name, values in few.items()}
    broken = break_expectations(
        files,
        gate=SampleGate(dataset, suite, parameters),
        few_values=few,
        random=random,
        watch=lambda text: working(text, quiet=quiet),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_files(broken.files, folder, dataset=dataset)
    if dataset.uses_masking_key:
        (folder / MASKING_KEY).write_text(_KEY_TEXT, encoding="utf-8")
    (folder / "_truth.json").write_text(json.dumps(_facts(broken), indent=1), encoding="utf-8")
    for line in _lines(dataset, broken, replaced, folder):
        print_plain(line)


def _facts(broken: BrokenSample) -> dict[str, Any]:
    return {
        "rows": {file.name: len(file.rows) for file in broken.files},
        "failed": {id_: [_describe(broken.files, place) for place in places] for id_, places in broken.rows.items()},
        "not_failed": broken.unbroken,
    }


def _lines(dataset: Dataset, broken: BrokenSample, replaced: Replacements, folder: Path) -> list[str]:
    count = sum(len(file.rows) for file in broken.files)
    lines = [f"{count} rows in {len(broken.files)} csv files in {folder}, such as {broken.files[0].name}."]
    if masked := sorted(masked_fields(dataset)):
        lines.append(f"Made-up values: {', '.join(masked)}.")
    if replaced.vocabularies:
        lines.append(f"Made-up values from a list in the suite: {', '.join(sorted(replaced.vocabularies))}.")
    for name, values in sorted(replaced.published.items()):
        lines.append(f"Kept values of {name}, because the masking policy publishes them: {', '.join(sorted(values))}.")
    derived = sorted({rule.column for rule in dataset.masking_policy} - {*masked})
    if derived:
        names = ", ".join(derived)
        lines.append(
            f"These masked columns are not in the files, so nothing was replaced for them: {names}. Check the columns "
            "from which they are computed."
        )
    lines.append("Failed rows of each expectation, found with the build and the suite of the dataset:")
    for id_, places in broken.rows.items():
        shown = ", ".join(_describe(broken.files, place) for place in places[:_MAX_ROWS_IN_LINE])
        more = f" and {len(places) - _MAX_ROWS_IN_LINE} more" if len(places) > _MAX_ROWS_IN_LINE else ""
        lines.append(f"  {id_}: {shown}{more}")
    if broken.unbroken:
        lines.append("Expectations that no row fails:")
        lines += [f"  {id_}: {reason}" for id_, reason in broken.unbroken.items()]
    key = f" --masking-key {folder / MASKING_KEY}" if dataset.uses_masking_key else ""
    lines.append(f"To run the sample: citylake run {dataset.name} --data {folder}{key}")
    return lines


def _describe(files: Sequence[SampleFile], place: Place) -> str:
    number, row = place
    return f"{files[number].name} row {row + 2}"
