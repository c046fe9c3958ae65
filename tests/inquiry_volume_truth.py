"""Compute the expected answers of the dataset `inquiry_volume` from the truth file of a sample, without Spark."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from math import expm1, log1p
from statistics import quantiles
from typing import Any

from ingest.samples.files import quotient

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


SHARES = "inquiries share_pct rounded_pct"
MOVES = "inquiries_before inquiries share_before_pct share_pct change_pct_points"
CHANGES = "change_on_{0} change_on_{0}_pct".format
ANSWERS: dict[str, tuple[str, Callable[[dict[str, Any]], Rows]]] = {
    "departments": (f"year inquiry_department {SHARES}", partial(volumes, answer="departments")),
    "channels": (f"year inquiry_channel {SHARES}", partial(volumes, answer="channels")),
    "monthly": (f"month inquiries {CHANGES('month')} {CHANGES('year')}", monthly),
    "yearly": (f"year months inquiries inquiries_per_month {CHANGES('year')}", yearly),
    "department_moves": (f"inquiry_department year_before year {MOVES}", department_moves),
    "channel_moves": (f"inquiry_department inquiry_channel year_before year {MOVES}", channel_moves),
    "unusual_departments": ("year inquiry_department unusual inquiries usual_from usual_to", unusual_departments),
    "top_types": ("year inquiry_department rank inquiry_type is_retired inquiries share_pct", top_types),
}
"""Maps each answer to its column names and to the function that computes its expected rows."""
