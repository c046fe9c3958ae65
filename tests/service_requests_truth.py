"""Compute the expected answers of the dataset `service_requests` from the truth file of a sample, without Spark."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from math import ceil, floor
from typing import Any

from ingest.samples.files import quotient
from ingest.samples.service_requests import SEPARATOR

Rows = Iterable[tuple]
Truth = dict[str, Any]
RESOLUTIONS = ("resolved", "closed otherwise", "unresolved")


def counts(truth: Truth, answer: str) -> Iterator[tuple[Any, ...]]:
    """Yield one tuple for each count of an answer: the values of the key, and then the count."""
    for key, number in truth["answers"].get(answer, {}).items():
        yield *(part or None for part in key.split(SEPARATOR)), number


def group_counts(rows: Rows, parts: int) -> dict[tuple, Counter]:
    """Group the counts by the first `parts` values of the key. In each group, add up the counts by the next value."""
    groups: dict[tuple, Counter] = defaultdict(Counter)
    for *key, number in rows:
        groups[tuple(key[:parts])][key[parts]] += number
    return groups


def shares(volumes: dict[Any, int]) -> dict[Any, Decimal]:
    """Return the percentage of each name, rounded to three decimals with the largest remainder method.

    If remainders are equal, the percentage of None is rounded up first. The other names follow in alphabetical order.
    """
    total = sum(volumes.values())
    down = {name: 100_000 * number // total for name, number in volumes.items()}
    by_remainder = sorted(volumes, key=lambda name: (-(100_000 * volumes[name] % total), name is not None, name or ""))
    for name in by_remainder[: 100_000 - sum(down.values())]:
        down[name] += 1
    return {name: Decimal(share).scaleb(-3) for name, share in down.items()}


def top_names(volumes: dict[str, int], n: int) -> list[str]:
    return sorted(volumes, key=lambda name: (-volumes[name], name))[:n]


def change(now: int, before: int | None) -> tuple[int | None, float | None]:
    """Return the change from `before` to `now` as a number and in percent. Halves are rounded away from zero."""
    if before is None:
        return None, None
    pct = quotient(100 * abs(now - before), before, digits=2)
    return now - before, -pct if pct and now < before else pct


def months_before(month: date, number: int) -> date:
    years, month_number = divmod(month.year * 12 + month.month - 1 - number, 12)
    return date(years, month_number + 1, 1)


def by_month(volumes: dict[str, int]) -> dict[date, int]:
    return {date.fromisoformat(f"{month}-01"): number for month, number in volumes.items()}


def monthly_volume(truth: Truth) -> Rows:
    for group, volumes in group_counts(counts(truth, "months"), 2).items():
        if group[0] != "grid_cell":
            months = by_month(volumes)
            for month, number in months.items():
                before = (change(number, months.get(months_before(month, ago))) for ago in (1, 12))
                yield "denver", *group, month, number, *next(before), *next(before)


def mean_centre(cells: dict[str, int]) -> Iterator[float | None]:
    """Yield the mean latitude and longitude of the centres of grid cells, rounded to three decimals.

    A key of `cells` has the south-west corner of a cell, such as `39.73,-105.00`. The value is the weight of the cell.
    """
    for position in (0, 1):
        thousandths = {cell: 1000 * Decimal(cell.split(",")[position]) + 5 for cell in cells}
        total = sum(thousandths[cell] * number for cell, number in cells.items())
        mean = Decimal(total) / sum(cells.values()) / 1000 if cells else None
        yield None if mean is None else float(mean.quantize(Decimal("0.001"), ROUND_HALF_UP))


def volume_by_area(truth: Truth) -> Rows:
    areas = group_counts(counts(truth, "area_types"), 1)
    cells = group_counts(counts(truth, "area_cells"), 2)
    for kind, volumes in areas.items():
        share = shares(volumes)
        for area, number in volumes.items():
            yield "denver", *kind, area, *mean_centre(cells.get((*kind, area), {})), number, share[area]


def volumes_by_name(truth: Truth, kind: str) -> Counter:
    return Counter({name: number for (group_kind, name), rows in group_counts(counts(truth, "months"), 2).items()
                    if group_kind == kind for number in [rows.total()]})  # fmt: skip


def volume_by_channel(truth: Truth) -> Rows:
    channels = volumes_by_name(truth, "channel")
    share = shares(channels)
    yield from (("denver", name, number, share[name]) for name, number in channels.items())


def top_values(truth: Truth, answer: str, *, excluded_kind: str | None = None) -> Rows:
    known = (row for row in counts(truth, answer) if row[2] is not None and row[0] != excluded_kind)
    for group, volumes in group_counts(known, 2).items():
        share = shares(volumes)
        for rank, name in enumerate(top_names(volumes, 10), 1):
            yield "denver", *group, rank, name, volumes[name], share[name]


def top_types(truth: Truth) -> Iterator[tuple[tuple, int, str, int, Decimal]]:
    known = (row for row in counts(truth, "area_types") if row[1] is not None and row[2] is not None)
    for area, volumes in group_counts(known, 2).items():
        share = shares(volumes)
        for rank, name in enumerate(top_names(volumes, 5), 1):
            yield area, rank, name, volumes[name], share[name]


def top_types_by_area(truth: Truth) -> Rows:
    yield from (("denver", *area, *rest) for area, *rest in top_types(truth))


def top_type_months(truth: Truth) -> Rows:
    months_of = group_counts(counts(truth, "area_types"), 3)
    for area, rank, name, *_ in top_types(truth):
        months = by_month(months_of[*area, name])
        for month, number in months.items():
            yield "denver", *area, rank, name, month, number, *change(number, months.get(months_before(month, 1)))


def first_call_resolution(truth: Truth) -> Rows:
    yes = {tuple(group): number for *group, number in counts(truth, "first_call yes")}
    for *group, requests in counts(truth, "first_call said"):
        on_first_call = yes[tuple(group)]
        yield "denver", *group, requests, on_first_call, quotient(100 * on_first_call, requests, digits=2)


def resolution(truth: Truth) -> Rows:
    for group, volumes in group_counts(counts(truth, "resolution"), 2).items():
        numbers = [volumes[kind] for kind in RESOLUTIONS]
        pcts = (quotient(100 * volumes[kind], sum(numbers), digits=2) for kind in ("resolved", "unresolved"))
        yield "denver", *group, volumes.total(), *numbers, volumes[None], *pcts


def by_hour_and_weekday(truth: Truth) -> Rows:
    for *group, weekday, hour, number in counts(truth, "hours"):
        if group[0] != "grid_cell":
            yield "denver", *group, int(weekday), int(hour), number


def percentile(tenths: Counter, share: float) -> float:
    """Return a percentile in hours. The percentile is interpolated between the two nearest values of `tenths`."""
    values = sorted(tenths.elements())
    place = share * (len(values) - 1)
    low, high = values[floor(place)], values[ceil(place)]
    return float(round(Decimal(low + (place - floor(place)) * (high - low)) / 10, 2))


def time_to_close(truth: Truth) -> Rows:
    groups: dict[tuple, Counter] = defaultdict(Counter)
    for agency, kind, tenths, number in counts(truth, "tenths"):
        for group in (("all", None, None), ("agency", agency, None), ("request_type", None, kind),
                   ("agency and request_type", agency, kind)):  # fmt: skip
            groups[group][int(tenths or 0)] += number
    for group, tenths in groups.items():
        yield "denver", *group, tenths.total(), percentile(tenths, 0.5), percentile(tenths, 0.9)


def traffic_by_area(truth: Truth) -> Rows:
    yield from (("denver", *row) for row in counts(truth, "traffic"))


CHANGES = "change_on_{0} change_on_{0}_pct".format
GROUP = "city group_kind group_name"
ANSWERS: dict[str, tuple[str, Callable[[Truth], Rows]]] = {
    "monthly_volume": (f"{GROUP} month requests {CHANGES('month')} {CHANGES('year')}", monthly_volume),
    "volume_by_area": (f"{GROUP} latitude longitude requests share_pct", volume_by_area),
    "volume_by_channel": ("city channel requests share_pct", volume_by_channel),
    "first_call_resolution": (f"{GROUP} requests on_first_call on_first_call_pct", first_call_resolution),
    "top_types_by_area": (f"{GROUP} rank request_type requests share_pct", top_types_by_area),
    "top_type_months": (f"{GROUP} rank request_type month requests {CHANGES('month')}", top_type_months),
    "busiest_agencies": (
        f"{GROUP} rank agency requests share_pct",
        partial(top_values, answer="agencies", excluded_kind="agency"),
    ),
    "most_common_types": (f"{GROUP} rank request_type requests share_pct", partial(top_values, answer="types")),
    "resolution": (
        f"{GROUP} requests resolved closed_otherwise unresolved status_not_known resolved_pct unresolved_pct",
        resolution,
    ),
    "top_unresolved": (f"{GROUP} rank request_type requests share_pct", partial(top_values, answer="unresolved")),
    "by_hour_and_weekday": (f"{GROUP} weekday hour requests", by_hour_and_weekday),
    "time_to_close": ("city group_kind agency request_type requests median_hours p90_hours", time_to_close),
    "traffic_by_area": (f"{GROUP} traffic_kind request_type requests", traffic_by_area),
}
"""Maps each answer to its column names and to the function that computes its expected rows."""
