"""Run jobs on samples of several sizes, and compare the tables with the truth file of each sample."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from importlib import import_module
from itertools import chain, pairwise
from math import expm1, log1p
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import DecimalType

from ingest.samples import SampleError, denver
from ingest.samples.files import MASKING_KEY, quotient
from jobs.stages import dataset_job
from tests import police_dispatch_truth, service_requests_truth
from tests.test_no_leaks import leaked, stored
from transforms.datasets import load_dataset

pytestmark = pytest.mark.compiled

Rows = Iterable[tuple]


def group_counts(counts: dict[str, int], separator: str = " ") -> dict[str, dict[str, int]]:
    """Group the counts by the part of the key before the separator. The key `2024 ENG - Parking` is in group `2024`."""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for key, count in counts.items():
        group, member = key.split(separator, 1)
        groups[group][member] = count
    return groups


def shares(volumes: dict[str, int]) -> dict[str, Decimal]:
    """Return the percentage of each name, rounded to three decimals with the largest remainder method."""
    units, total = 100_000, sum(volumes.values())
    down = {name: units * volume // total for name, volume in volumes.items()}
    by_remainder = sorted(volumes, key=lambda name: (-(units * volumes[name] % total), name))
    down.update((name, down[name] + 1) for name in by_remainder[: units - sum(down.values())])
    return {name: Decimal(share).scaleb(-3) for name, share in down.items()}


def change(now: int, before: int | None) -> tuple[int | None, float | None]:
    return (None, None) if before is None else (now - before, quotient(100 * (now - before), before, digits=2))


def volumes(truth: dict[str, Any], *, answer: str) -> Rows:
    for year, counts in group_counts(truth["answers"][answer]).items():
        for name, share in shares(counts).items():
            yield int(year), name, counts[name], share, truth["rates"][f"{answer} rounded_pct"][f"{year} {name}"]


def monthly(truth: dict[str, Any]) -> Rows:
    months = {date.fromisoformat(f"{month}-01"): number for month, number in truth["answers"]["monthly"].items()}
    for month, number in months.items():
        month_before = (month - timedelta(days=1)).replace(day=1)
        year_before = month.replace(year=month.year - 1)
        yield month, number, *change(number, months.get(month_before)), *change(number, months.get(year_before))


def yearly(truth: dict[str, Any]) -> Rows:
    years, months = truth["answers"]["yearly"], Counter(month[:4] for month in truth["answers"]["monthly"])
    for year, number in years.items():
        a_month = quotient(number, months[year], digits=1)
        yield int(year), months[year], number, a_month, *change(number, years.get(f"{int(year) - 1}"))


def moves(years: dict[str, dict[str, int]]) -> Rows:
    for before, now in list(pairwise(sorted(years)))[-1:]:
        share_before, share = shares(years[before]), shares(years[now])
        for name in years[before] | years[now]:
            inquiries = (years[year].get(name, 0) for year in (before, now))
            pct_before, pct = share_before.get(name, Decimal(0)), share.get(name, Decimal(0))
            yield name, int(before), int(now), *inquiries, pct_before, pct, pct - pct_before


def department_moves(truth: dict[str, Any]) -> Rows:
    return moves(group_counts(truth["answers"]["departments"]))


def channel_moves(truth: dict[str, Any]) -> Rows:
    years, channels = (
        sorted(truth["answers"]["yearly"])[-2:],
        group_counts(truth["answers"]["department_channels"], ": "),
    )
    for department in {key[5:] for key in channels if key[:4] in years}:
        for move in moves({year: channels.get(f"{year} {department}", {}) for year in years}):
            yield department, *move


def unusual_departments(truth: dict[str, Any]) -> Rows:
    for year, counts in group_counts(truth["answers"]["departments"]).items():
        logs = {name: log1p(number) for name, number in counts.items()}
        lower, _, upper = quantiles(logs.values(), n=4, method="inclusive") if len(logs) > 1 else [*logs.values()] * 3
        low, high = lower - 1.5 * (upper - lower), upper + 1.5 * (upper - lower)
        usual = round(max(expm1(low), 0), 1), round(expm1(high), 1)
        for name in logs:
            if not low <= logs[name] <= high:
                yield int(year), name, "low" if logs[name] < low else "high", counts[name], *usual


def top_types(truth: dict[str, Any]) -> Rows:
    for group, counts in group_counts(truth["answers"]["department_types"], ": ").items():
        year, department = group.split(" ", 1)
        share = shares(counts)
        for rank, name in enumerate(sorted(counts, key=lambda name: (-counts[name], name))[:10], 1):
            yield int(year), department, rank, name, name.startswith("ZZ OLD"), counts[name], share[name]


KEYS: dict[str, Callable[[str], list]] = {
    "year": lambda key: [int(key)],
    "month": lambda key: [date.fromisoformat(f"{key}-01")],
    "programme": lambda key: key.split(", "),
    "record": str.split,
}
"""Maps the first column of an answer to the function that splits a key of the truth file into column values."""


def join_columns(truth: dict[str, Any], answer: str, columns: str) -> Rows:
    """Return the expected rows of an answer. Each column of figures has one entry in the truth file."""
    names = columns.split()
    values = [(truth["answers"] | truth["rates"]).get(f"{answer} {name}", {}) for name in names]
    for key in dict.fromkeys(chain(*values)):
        key_cells = KEYS[names[0]](key)
        yield *key_cells, *(value.get(key, 0) for value in values[len(key_cells) :])


def completion_by_year(truth: dict[str, Any]) -> Rows:
    exact = {}
    for year, received, completed, rate in sorted(join_columns(truth, "completion_by_year", f"year {RATE}")):
        exact[year] = 100 * completed / received
        yield year, received, completed, rate, round(exact[year] - exact[year - 1], 2) if year - 1 in exact else None


def withdrawal_rates(truth: dict[str, Any]) -> Rows:
    days = group_counts(truth["answers"].get("withdrawal_rates days", {}), ": ")
    for row in join_columns(truth, "withdrawal_rates", WITHDRAWN):
        counts = Counter({int(number): count for number, count in days[", ".join(row[:2])].items()})
        yield *row, *((median(counts.elements()), min(counts), max(counts)) if counts else (None, None, None))


def completeness(truth: dict[str, Any]) -> Rows:
    for record, field, *filled in join_columns(truth, "completeness", "record field filled completeness_pct"):
        yield record, field, truth["answers"]["completeness rows"][record], *filled


def from_columns(answer: str, columns: str) -> tuple[str, Callable[[dict[str, Any]], Rows]]:
    return columns, partial(join_columns, answer=answer, columns=columns)


SHARES = "inquiries share_pct rounded_pct"
MOVES = "inquiries_before inquiries share_before_pct share_pct change_pct_points"
CHANGES = "change_on_{0} change_on_{0}_pct".format
ACTIVITY = "applications enrolments withdrawals"
COURSE = "programme intake"
WITHDRAWN = f"{COURSE} enrolled withdrawn withdrawal_rate_pct"
RATE = "received completed completion_rate_pct"
ANSWERS: dict[str, dict[str, tuple[str, Callable[[dict[str, Any]], Rows]]]] = {
    "inquiry_volume": {
        "departments": (f"year inquiry_department {SHARES}", partial(volumes, answer="departments")),
        "channels": (f"year inquiry_channel {SHARES}", partial(volumes, answer="channels")),
        "monthly": (f"month inquiries {CHANGES('month')} {CHANGES('year')}", monthly),
        "yearly": (f"year months inquiries inquiries_per_month {CHANGES('year')}", yearly),
        "department_moves": (f"inquiry_department year_before year {MOVES}", department_moves),
        "channel_moves": (f"inquiry_department inquiry_channel year_before year {MOVES}", channel_moves),
        "unusual_departments": ("year inquiry_department unusual inquiries usual_from usual_to", unusual_departments),
        "top_types": ("year inquiry_department rank inquiry_type is_retired inquiries share_pct", top_types),
    },
    "registrar": {
        "completion_by_year": (f"year {RATE} change_pct_points", completion_by_year),
        "completion_by_programme": from_columns("completion_by_programme", f"{COURSE} {RATE}"),
        "activity_by_month": from_columns("activity_by_month", f"month {ACTIVITY}"),
        "activity_by_year": from_columns("activity_by_year", f"year {ACTIVITY}"),
        "yield": from_columns("yield", f"{COURSE} completed enrolled yield_pct enrolled_otherwise"),
        "withdrawal_rates": (f"{WITHDRAWN} median_days min_days max_days", withdrawal_rates),
        "completeness": ("record field rows filled completeness_pct", completeness),
    },
    "service_requests": service_requests_truth.ANSWERS,
    "police_dispatch": police_dispatch_truth.ANSWERS,
}
"""Maps each answer of each dataset to its column names and to the function that computes its expected rows."""

EVENTS = ("service_requests", "police_dispatch")


def sample(dataset: str, folder: Path, **options: Any) -> dict[str, Any]:
    import_module(f"ingest.samples.{dataset}").write(folder, **options)
    return json.loads((folder / "_truth.json").read_text())


def read_damaged(folder: Path) -> set[tuple[str, str, str]]:
    rows = [tuple(row) for path in (folder / "_damaged").iterdir() for row in list(csv.reader(path.open()))[1:]]
    assert len(set(rows)) == len(rows)
    return set(rows)


def list_files(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if not path.relative_to(folder).parts[0].startswith("_")]


def count_records(path: Path) -> int:
    """Return the number of rows below the header of a csv file, or the number of JSON objects in another file.

    Truncated JSON objects are counted too.
    """
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = content.decode("utf-8" if path.suffix != ".csv" or content.startswith(codecs.BOM_UTF8) else "cp1252")
    if path.suffix != ".csv":
        return len(text.replace("}{", "}\n{").splitlines())
    delimiter = ";" if ";" in text.splitlines()[0] else ","
    return len([*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]) - 1


def run_job(lake: SparkSession, dataset: str, folder: Path) -> None:
    argv = ["--landing", str(folder)]
    if (folder / MASKING_KEY).exists():
        argv += ["--masking-key", str(folder / MASKING_KEY)]
    job = dataset_job(load_dataset(dataset))
    job.run(lake, job.parse(argv))


def run_on_some_files(lake: SparkSession, dataset: str, folder: Path) -> None:
    """Run the job on some of the files, so that the other files bring late revisions to the next run.

    The files are sorted by name. This run reads most files of the first half, and few files of the second half.
    """
    files = sorted(list_files(folder))
    late = [file for place, file in enumerate(files) if place % 5 == 2 or (place > len(files) // 2 and place % 3)]
    for file in late:
        file.rename(file.with_name(f".{file.name}"))  # ingest ignores hidden files
    run_job(lake, dataset, folder)
    for file in late:
        file.with_name(f".{file.name}").rename(file)


@pytest.mark.parametrize(
    ("dataset", "rows"),
    [(dataset, rows) for dataset in ANSWERS for rows in (1, 2000) if rows > 1 or dataset not in EVENTS],
)
def test_the_samples_give_the_expected_tables(lake: SparkSession, tmp_path: Path, dataset: str, rows: int) -> None:
    folder = tmp_path / "landing"
    truth = sample(dataset, folder, rows=rows)
    counts = truth["counts"]

    if dataset in EVENTS:
        run_on_some_files(lake, dataset, folder)
    run_job(lake, dataset, folder)

    tables = {zone: lake.table(f"lake.{zone}.{dataset}") for zone in ("raw", "trusted", "quarantine")}
    numbers = {zone: table.count() for zone, table in tables.items()}
    assert numbers == {"raw": counts["rows"], "trusted": counts["trusted"], "quarantine": len(read_damaged(folder))}
    assert counts["rows"] == counts["trusted"] + counts.get("superseded", 0) + sum(truth["quarantined"].values())
    in_quarantine = tables["quarantine"].selectExpr("_source_file", "string(_row_number)", "_failed_expectations[0]")
    assert {tuple(row) for row in in_quarantine.collect()} == read_damaged(folder)
    warnings = tables["trusted"].selectExpr("explode(_warnings)").groupBy("col").count().collect()
    assert dict(map(tuple, warnings)) == truth["warned"]
    assert {*ANSWERS[dataset]} == {*load_dataset(dataset).answers}
    for answer, (columns, expected_rows) in ANSWERS[dataset].items():
        curated = lake.table(f"lake.curated.{dataset}_{answer}")
        assert curated.columns == columns.split()
        assert Counter(map(tuple, curated.collect())) == Counter(expected_rows(truth)), answer
    if dataset == "service_requests":
        # The masking policy drops the texts in `needles`, and changes the type of the coordinates.
        needles = [*denver._NAMES, "303-555-01", "Example St", "12th AVE"]
        assert leaked(needles, str(tables["raw"].toJSON().collect())) == sorted(needles)
        assert leaked(needles, stored(lake, tmp_path / "warehouse")) == []
        assert {tables["trusted"].schema[name].dataType for name in ("longitude", "latitude")} == {DecimalType(6, 3)}


@pytest.mark.parametrize("dataset", ANSWERS)
def test_only_equal_seeds_give_equal_files(tmp_path: Path, dataset: str) -> None:
    contents = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        sample(dataset, tmp_path / name, rows=200, seed=seed)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        contents[name] = {path.relative_to(tmp_path / name): path.read_bytes() for path in files}

    assert contents["first"] == contents["again"]
    # Only file names at the top level are compared, because the names of event files depend on the seed.
    names = [{path for path in files if len(path.parts) == 1} for files in (contents["first"], contents["other"])]
    assert names[0] == names[1]
    assert contents["first"] != contents["other"]


@pytest.mark.parametrize("dataset", ANSWERS)
def test_spark_writes_samples_with_several_parts(
    spark: SparkSession, tmp_path: Path, dataset: str, count_jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.samples.files.PART", 300)
    truth = sample(dataset, tmp_path / "parts", rows=1000)
    assert count_jobs() > 0

    assert truth["counts"]["rows"] == sum(map(count_records, list_files(tmp_path / "parts")))
    assert Counter(expectation for _, _, expectation in read_damaged(tmp_path / "parts")) == truth["quarantined"]


@pytest.mark.parametrize(("dataset", "rows"), [("inquiry_volume", 0), ("contact_centre", 100)])
def test_an_invalid_number_of_rows_is_rejected(tmp_path: Path, dataset: str, rows: int) -> None:
    with pytest.raises(SampleError, match=f"samples of {rows} rows"):
        sample(dataset, tmp_path / "landing", rows=rows)

    assert not (tmp_path / "landing").exists()
