"""The right answers about samples of dispatched incidents, from what their truth file counts, by Python alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

Rows = Iterable[tuple]
Counts = dict[tuple, int]
TOP, MOST, FEW = 4, 10, 5
BANDS = ["0-5", "5-10", "10-15", "15-20", "20-30", "30-40", "40-50", "50+"]


def counted(truth: dict[str, Any], name: str) -> Counts:
    """Return an answer's counts by the parts of their keys; a priority is a number, and nothing is None."""
    of = {tuple(part or None for part in key.split("|")): count for key, count in truth["answers"][name].items()}
    if name.startswith(("city", "street")):
        return {(place, kind, priority and int(priority)): count for (place, kind, priority), count in of.items()}
    return of


def summed(counts: Counts, *places: int) -> Counts:
    """Return counts by some parts of their keys only."""
    totals: Counter[tuple] = Counter()
    for key, count in counts.items():
        totals[tuple(key[place] for place in places)] += count
    return dict(totals)


def most_first(counts: Counts) -> list[tuple]:
    """Return keys without a None, those with most first, then by name."""
    return sorted((key for key in counts if None not in key), key=lambda key: (-counts[key], key))


def ranks(counts: Counts) -> dict[tuple, int]:
    return {key: rank for rank, key in enumerate(most_first(counts), 1)}


def nulls_last(key: tuple) -> list[tuple]:
    return [(part is None, part) for part in key]


def shares(counts: Counts, by: int = 0) -> dict[tuple, Decimal]:
    """Return thousandths of a percent by largest remainder, in groups by the first `by` parts of the keys."""
    groups: dict[tuple, Counts] = defaultdict(dict)
    for key, count in counts.items():
        groups[key[:by]][key] = count
    found = {}
    for group in groups.values():
        total, units = sum(group.values()), 100_000
        down = {key: units * count // total for key, count in group.items()}
        lost = sorted(group, key=lambda key: (-(units * group[key] % total), nulls_last(key)))
        down.update((key, down[key] + 1) for key in lost[: units - sum(down.values())])
        found.update({key: Decimal(units).scaleb(-3) for key, units in down.items()})
    return found


def half_up(value: float, digits: int) -> float:
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def simple(truth: dict[str, Any], name: str, ranked: bool, read: Callable[..., tuple] = lambda *key: key) -> Rows:
    counts = {read(*key): count for key, count in counted(truth, name).items()}
    counts = {key: count for key, count in counts.items() if not ranked or None not in key}
    share, rank = shares(counts), ranks(counts)
    for key, count in counts.items():
        yield *([rank[key]] if ranked else []), *key, count, share[key]


def cities(truth: dict[str, Any]) -> Rows:
    counts = summed(counted(truth, "city incidents"), 0)
    for key, count in counts.items():
        yield ranks(counts).get(key), *key, count, shares(counts)[key]


def top_types(truth: dict[str, Any], place: str) -> Rows:
    counts = summed(counted(truth, f"{place} incidents"), 0, 1)
    share = shares(counts, by=1)
    for place_rank, (name,) in enumerate(most_first(summed(counts, 0))[:TOP], 1):
        here = most_first({key: count for key, count in counts.items() if key[0] == name})[:TOP]
        for rank, key in enumerate(here, 1):
            yield place_rank, name, rank, key[1], counts[key], share[key]


def type_shares(truth: dict[str, Any]) -> Rows:
    counts = summed(counted(truth, "city incidents"), 0, 1)
    overall, share, total = summed(counts, 1), shares(counts, by=1), sum(counts.values())
    for (city, kind), count in counts.items():
        pct = Decimal(str(half_up(100 * overall[(kind,)] / total, 3))).quantize(Decimal("0.001"))
        yield city, kind, count, share[city, kind], overall[(kind,)], pct, share[city, kind] - pct


def streets(truth: dict[str, Any]) -> Rows:
    crossings = counted(truth, "crossings")
    at_blocks = summed(counted(truth, "street incidents"), 0)
    counts = {key: at_blocks.get(key, 0) for key in {*at_blocks, *crossings} if key != (None,)}
    share = shares(counts) if any(counts.values()) else {}
    for key, rank in ranks(counts).items():
        yield rank, *key, counts[key], share.get(key), crossings.get(key, 0)


def cell(name: str | None, other: str | None = None) -> tuple:
    return (name, *map(Decimal, name.split(","))) if name else (None, None, None)


def combinations(truth: dict[str, Any]) -> tuple[list[tuple], Counts, dict[tuple, Decimal]]:
    """Return the top cities, and of all the counts and shares of type and disposition."""
    counts = counted(truth, "dispositions")
    return most_first(summed(counts, 0))[:TOP], counts, shares(counts, by=1)


def type_dispositions(truth: dict[str, Any]) -> Rows:
    top, counts, share = combinations(truth)
    for city_rank, (city,) in enumerate(top, 1):
        for rank, key in enumerate(most_first({key: counts[key] for key in counts if key[0] == city})[:MOST], 1):
            yield city_rank, city, rank, *key[1:], counts[key], share[key]


def common_type_dispositions(truth: dict[str, Any]) -> Rows:
    top, counts, share = combinations(truth)
    having: dict[tuple, list[tuple]] = defaultdict(list)
    for key in counts:
        if key[:1] in top and None not in key:
            having[key[1:]].append(key)
    common = {key: sum(counts[each] for each in of) for key, of in having.items() if len(of) == len(top)}
    for rank, key in enumerate(most_first(common), 1):
        pcts = [share[each] for each in having[key]]
        yield rank, *key, len(top), common[key], min(pcts), max(pcts)


def top_type_dispositions(truth: dict[str, Any]) -> Rows:
    top, counts, _ = combinations(truth)
    of_type, share = summed(counts, 0, 1), shares(counts, by=2)
    for city_rank, (city,) in enumerate(top, 1):
        kinds = most_first({key: count for key, count in of_type.items() if key[0] == city})[:TOP]
        for key in counts:
            if key[:2] in kinds:
                yield city_rank, city, 1 + kinds.index(key[:2]), *key[1:], counts[key], share[key]


def missing_times(truth: dict[str, Any]) -> Rows:
    names = ("incidents", "dispatch_arrive", "arrive_cleared")
    of = [counted(truth, f"missing {name}") for name in names]
    for key, incidents in of[0].items():
        missing = [counts[key] for counts in of[1:]]
        yield *key, incidents, *missing, *(half_up(100 * count / incidents, 2) for count in missing)


def bands(truth: dict[str, Any], time: str) -> Rows:
    counts = counted(truth, f"{time} bands")
    top, kinds = (most_first(summed(counts, place))[:TOP] for place in (0, 1))
    here = {key: counts[key] for key in counts if key[:1] in top and key[1:2] in kinds and key[2]}
    numbered = {(*key[:2], 1 + BANDS.index(key[2]), key[2]): count for key, count in here.items()}
    for key, share in shares(numbered, by=2).items():
        yield *key, numbered[key], share


class Averages:
    """The averages of one time by place, type and priority in the top places."""

    def __init__(self, truth: dict[str, Any], time: str, place: str) -> None:
        self.incidents = counted(truth, f"{place} incidents")
        timed, seconds = (counted(truth, f"{place} {time} {name}") for name in ("timed", "seconds"))
        self.places = most_first(summed(self.incidents, 0))[:TOP]
        keys = [key for key in self.incidents if key[:1] in self.places and key[1]]
        self.timed = {key: timed[key] for key in keys if timed[key]}
        self.seconds = {key: seconds[key] for key in self.timed}
        self.minutes = {key: self.seconds[key] / (60 * self.timed[key]) for key in self.timed}
        self.all_incidents = summed({key: self.incidents[key] for key in keys}, 1, 2)
        self.all_timed, self.all_seconds = summed(self.timed, 1, 2), summed(self.seconds, 1, 2)

    def overall(self, key: tuple) -> float:
        return self.all_seconds[key[1:]] / (60 * self.all_timed[key[1:]])

    def compared(self, key: tuple) -> list[tuple]:
        """Return the places of a combination, the fastest first."""
        return sorted((minutes, other[0]) for other, minutes in self.minutes.items() if other[1:] == key[1:])

    def slowest(self, key: tuple) -> str:
        places = self.compared(key)
        return min(name for minutes, name in places if minutes == places[-1][0])


def averages(truth: dict[str, Any], time: str, place: str) -> Rows:
    of = Averages(truth, time, place)
    nulls_first = {key: [(part is not None, part) for part in key[1:]] for key in of.minutes}
    for (name,) in of.places:
        here = [key for key in of.minutes if key[0] == name]
        slowest = sorted(here, key=lambda key: (-of.minutes[key], nulls_first[key]))
        fastest = sorted(here, key=lambda key: (of.minutes[key], nulls_first[key]))
        for key in here:
            places, timed = of.compared(key), of.timed[key]
            across = (places[0][1], of.slowest(key), half_up(places[-1][0] - places[0][0], 2))
            yield (
                *(*key, of.incidents[key], timed, half_up(of.minutes[key], 2), timed < FEW),
                *(1 + slowest.index(key), 1 + fastest.index(key), len(places), half_up(of.overall(key), 2)),
                *(across if len(places) > 1 else (None, None, None)),
            )


def slowest_cities(truth: dict[str, Any]) -> Rows:
    of = Averages(truth, "dispatch_arrive", "city")
    for key, minutes in of.minutes.items():
        if len(of.compared(key)) > 1 and key[0] == of.slowest(key):
            others = of.all_timed[key[1:]] - of.timed[key]
            other_minutes = (of.all_seconds[key[1:]] - of.seconds[key]) / (60 * others)
            more = half_up(minutes - other_minutes, 2)
            yield *key, of.timed[key], half_up(minutes, 2), others, half_up(other_minutes, 2), more, of.timed[key] < FEW


def quadrants(truth: dict[str, Any]) -> Rows:
    of = Averages(truth, "dispatch_arrive", "city")
    for key, minutes in of.minutes.items():
        overall, usual = of.overall(key), of.all_incidents[key[1:]] / len(of.places)
        speed = "slower" if minutes > overall else "faster" if minutes < overall else None
        volume = "more" if of.incidents[key] > usual else "fewer" if of.incidents[key] < usual else None
        quadrant = f"{speed}, {volume}" if speed and volume else None
        figures = (of.timed[key], half_up(minutes, 2), half_up(overall, 2))
        yield *key, of.incidents[key], half_up(usual, 2), *figures, quadrant, of.timed[key] < FEW


def priority_shares(truth: dict[str, Any]) -> Rows:
    counts = counted(truth, "city incidents")
    of_city, of_type, share = summed(counts, 0), summed(counts, 0, 1), shares(counts, by=2)
    top, kinds = most_first(of_city)[:TOP], most_first(summed(counts, 1))[:TOP]
    for key, count in counts.items():
        if key[:1] in top and key[1:2] in kinds:
            of = of_type[key[:2]]
            yield *key[:2], of, half_up(100 * of / of_city[key[:1]], 3), key[2], count, share[key]


COUNTED = "incidents share_pct"
AVERAGES = (
    "{} initial_type priority incidents timed avg_minutes few_incidents slowest_rank fastest_rank places "
    "overall_minutes fastest slowest spread_minutes"
).format
TYPES = "initial_type disposition_desc"
BANDED = "city initial_type band_number band incidents share_pct"
ARRIVAL, CLEARING = "dispatch_arrive", "arrive_cleared"

ANSWERS: dict[str, tuple[str, Callable[[dict[str, Any]], Rows]]] = {
    "cities": (f"rank city {COUNTED}", cities),
    "top_city_types": (f"city_rank city rank initial_type {COUNTED}", partial(top_types, place="city")),
    "type_shares": (
        f"city initial_type {COUNTED} overall_incidents overall_pct difference_pct_points",
        type_shares,
    ),
    "streets": (f"rank street {COUNTED} at_intersections", streets),
    "top_street_types": (f"street_rank street rank initial_type {COUNTED}", partial(top_types, place="street")),
    "grid_cells": (f"rank cell south west {COUNTED}", partial(simple, name="cells", ranked=True, read=cell)),
    "intersections": (f"rank intersection {COUNTED}", partial(simple, name="intersections", ranked=True)),
    "at_intersections": (
        f"is_intersection {COUNTED}",
        partial(simple, name="at_intersections", ranked=False, read=lambda at: (at and at == "True",)),
    ),
    "type_dispositions": (f"city_rank city rank {TYPES} {COUNTED}", type_dispositions),
    "common_type_dispositions": (
        f"rank {TYPES} cities incidents min_share_pct max_share_pct",
        common_type_dispositions,
    ),
    "top_type_dispositions": (f"city_rank city type_rank {TYPES} {COUNTED}", top_type_dispositions),
    "missing_times": (
        "dimension value incidents arrival_missing clearing_missing arrival_missing_pct clearing_missing_pct",
        missing_times,
    ),
    "arrival_bands": (BANDED, partial(bands, time=ARRIVAL)),
    "clearing_bands": (BANDED, partial(bands, time=CLEARING)),
    "arrival_by_city": (AVERAGES("city"), partial(averages, time=ARRIVAL, place="city")),
    "slowest_cities": (
        "city initial_type priority timed avg_minutes others_timed others_minutes more_minutes few_incidents",
        slowest_cities,
    ),
    "clearing_by_city": (AVERAGES("city"), partial(averages, time=CLEARING, place="city")),
    "arrival_by_street": (AVERAGES("street"), partial(averages, time=ARRIVAL, place="street")),
    "clearing_by_street": (AVERAGES("street"), partial(averages, time=CLEARING, place="street")),
    "quadrants": (
        "city initial_type priority incidents usual_incidents timed avg_minutes overall_minutes quadrant few_incidents",
        quadrants,
    ),
    "priority_shares": (
        "city initial_type type_incidents type_share_pct priority incidents priority_share_pct",
        priority_shares,
    ),
    "hours": (
        f"weekday hour {COUNTED}",
        partial(simple, name="hours", ranked=False, read=lambda *key: tuple(map(int, key))),
    ),
}
"""Answer to the columns of its table, and what gives its right rows."""
