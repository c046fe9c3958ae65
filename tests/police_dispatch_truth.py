"""Compute the expected answers of the dataset `police_dispatch` from the truth file of a sample, without Spark."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

Rows = Iterable[tuple]
Counts = dict[tuple, int]
MAX_RANK, MAX_COMBINATIONS, MIN_TIMED = 4, 10, 5
NAMED_TYPES = ["TRAFFIC/TRANSPORTATION INCIDENT", "DISTURBANCE/NUISANCE", "CHECK WELFARE"]
BANDS = ["0-5", "5-10", "10-15", "15-20", "20-30", "30-40", "40-50", "50+"]


def read_counts(truth: dict[str, Any], name: str) -> Counts:
    """Return the counts of an answer by key. In a key, a priority is a number, and an empty text becomes None."""
    counts = {tuple(part or None for part in key.split("|")): count for key, count in truth["answers"][name].items()}
    if name.startswith(("city", "street")):
        return {(place, kind, priority and int(priority)): count for (place, kind, priority), count in counts.items()}
    return counts


def sum_by(counts: Counts, *places: int) -> Counts:
    """Add up the counts whose keys have equal values at the positions `places`."""
    totals: Counter[tuple] = Counter()
    for key, count in counts.items():
        totals[tuple(key[place] for place in places)] += count
    return dict(totals)


def sort_descending(counts: Counts) -> list[tuple]:
    """Return the keys that do not contain None, sorted by descending count and then by key."""
    return sorted((key for key in counts if None not in key), key=lambda key: (-counts[key], key))


def ranks(counts: Counts) -> dict[tuple, int]:
    return {key: rank for rank, key in enumerate(sort_descending(counts), 1)}


def nulls_last(key: tuple) -> list[tuple]:
    return [(part is None, part) for part in key]


def shares(counts: Counts, parts: int = 0) -> dict[tuple, Decimal]:
    """Return the percentage of each key in its group, rounded to three decimals with the largest remainder method.

    Keys whose first `parts` values are equal form a group. The percentages of a group add up to 100.
    """
    groups: dict[tuple, Counts] = defaultdict(dict)
    for key, count in counts.items():
        groups[key[:parts]][key] = count
    percentages = {}
    for group in groups.values():
        total, units = sum(group.values()), 100_000
        down = {key: units * count // total for key, count in group.items()}
        by_remainder = sorted(group, key=lambda key: (-(units * group[key] % total), nulls_last(key)))
        down.update((key, down[key] + 1) for key in by_remainder[: units - sum(down.values())])
        percentages.update({key: Decimal(units).scaleb(-3) for key, units in down.items()})
    return percentages


def round_half_up(value: float, digits: int) -> float:
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def count_rows(truth: dict[str, Any], name: str, ranked: bool, read: Callable[..., tuple] = lambda *key: key) -> Rows:
    counts = {read(*key): count for key, count in read_counts(truth, name).items()}
    counts = {key: count for key, count in counts.items() if not ranked or None not in key}
    share, rank = shares(counts), ranks(counts)
    for key, count in counts.items():
        yield *([rank[key]] if ranked else []), *key, count, share[key]


def cities(truth: dict[str, Any]) -> Rows:
    counts = sum_by(read_counts(truth, "city incidents"), 0)
    days = [(city, date.fromisoformat(day)) for city, day in read_counts(truth, "days")]
    for key, count in counts.items():
        here = [day for city, day in days if city == key[0]]
        yield ranks(counts).get(key), *key, count, shares(counts)[key], min(here), max(here)


def top_types(truth: dict[str, Any], place: str) -> Rows:
    counts = sum_by(read_counts(truth, f"{place} incidents"), 0, 1)
    share = shares(counts, parts=1)
    for place_rank, (name,) in enumerate(sort_descending(sum_by(counts, 0))[:MAX_RANK], 1):
        here = sort_descending({key: count for key, count in counts.items() if key[0] == name})[:MAX_RANK]
        for rank, key in enumerate(here, 1):
            yield place_rank, name, rank, key[1], counts[key], share[key]


def type_shares(truth: dict[str, Any]) -> Rows:
    counts = sum_by(read_counts(truth, "city incidents"), 0, 1)
    overall, share, total = sum_by(counts, 1), shares(counts, parts=1), sum(counts.values())
    for (city, kind), count in counts.items():
        pct = Decimal(str(round_half_up(100 * overall[(kind,)] / total, 3))).quantize(Decimal("0.001"))
        yield city, kind, count, share[city, kind], overall[(kind,)], pct, share[city, kind] - pct


def streets(truth: dict[str, Any]) -> Rows:
    crossings = read_counts(truth, "crossings")
    at_blocks = sum_by(read_counts(truth, "street incidents"), 0)
    counts = {key: at_blocks.get(key, 0) for key in {*at_blocks, *crossings} if key != (None,)}
    share = shares(counts) if any(counts.values()) else {}
    for key, rank in ranks(counts).items():
        yield rank, *key, counts[key], share.get(key), crossings.get(key, 0)


def grid_cells(truth: dict[str, Any]) -> Rows:
    counts, street_counts = read_counts(truth, "cells"), read_counts(truth, "cell streets")
    streets = dict(reversed(sort_descending(street_counts)))
    counts = {key: count for key, count in counts.items() if key != (None,)}
    share = shares(counts)
    for key, rank in ranks(counts).items():
        south, west = map(Decimal, key[0].split(","))
        yield rank, *key, south, west, streets.get(key[0]), counts[key], share[key]


def intersections(truth: dict[str, Any]) -> Rows:
    sums = [truth["answers"].get(f"intersection {name}", {}) for name in ("latitudes", "longitudes")]
    points = truth["answers"].get("intersection points", {})
    for rank, name, count, share in count_rows(truth, "intersections", ranked=True):
        means = (round_half_up(total[name] / points[name] / 10_000, 5) if name in points else None for total in sums)
        yield rank, name, *means, count, share


def combinations(truth: dict[str, Any]) -> tuple[list[tuple], Counts, dict[tuple, Decimal]]:
    """Return the top cities, and the counts and percentages by city, type and disposition.

    The percentages of a city add up to 100.
    """
    counts = read_counts(truth, "dispositions")
    return sort_descending(sum_by(counts, 0))[:MAX_RANK], counts, shares(counts, parts=1)


def type_dispositions(truth: dict[str, Any]) -> Rows:
    top, counts, share = combinations(truth)
    for city_rank, (city,) in enumerate(top, 1):
        for rank, key in enumerate(
            sort_descending({key: counts[key] for key in counts if key[0] == city})[:MAX_COMBINATIONS], 1
        ):
            yield city_rank, city, rank, *key[1:], counts[key], share[key]


def common_type_dispositions(truth: dict[str, Any]) -> Rows:
    top, counts, share = combinations(truth)
    cities_by_combination: dict[tuple, list[tuple]] = defaultdict(list)
    for key in counts:
        if key[:1] in top and None not in key:
            cities_by_combination[key[1:]].append(key)
    common = {
        key: sum(counts[name] for name in names)
        for key, names in cities_by_combination.items()
        if len(names) == len(top)
    }
    for rank, key in enumerate(sort_descending(common), 1):
        pcts = [share[name] for name in cities_by_combination[key]]
        yield rank, *key, len(top), common[key], min(pcts), max(pcts)


def top_type_dispositions(truth: dict[str, Any]) -> Rows:
    top, counts, _ = combinations(truth)
    type_counts, share = sum_by(counts, 0, 1), shares(counts, parts=2)
    for city_rank, (city,) in enumerate(top, 1):
        kinds = sort_descending({key: count for key, count in type_counts.items() if key[0] == city})[:MAX_RANK]
        for key in counts:
            if key[:2] in kinds:
                yield city_rank, city, 1 + kinds.index(key[:2]), *key[1:], counts[key], share[key]


def street_type_dispositions(truth: dict[str, Any]) -> Rows:
    (city,) = sort_descending(sum_by(read_counts(truth, "dispositions"), 0))[0]
    counts = {key[1:]: count for key, count in read_counts(truth, "blocks").items() if key[0] == city and key[1]}
    share = shares(counts, parts=1)
    for street_rank, (street,) in enumerate(sort_descending(sum_by(counts, 0))[:MAX_RANK], 1):
        here = sort_descending({key: count for key, count in counts.items() if key[0] == street})
        for rank, key in enumerate(here[:MAX_COMBINATIONS], 1):
            yield city, street_rank, street, rank, *key[1:], counts[key], share[key]


def missing_times(truth: dict[str, Any]) -> Rows:
    names = ("incidents", "dispatch_arrive", "arrive_cleared")
    incident_counts, *missing_counts = (read_counts(truth, f"missing {name}") for name in names)
    for key, incidents in incident_counts.items():
        missing = [counts[key] for counts in missing_counts]
        yield *key, incidents, *missing, *(round_half_up(100 * count / incidents, 2) for count in missing)


def bands(truth: dict[str, Any], time: str) -> Rows:
    counts = read_counts(truth, f"{time} bands")
    top, kinds = (sort_descending(sum_by(counts, place))[:MAX_RANK] for place in (0, 1))
    kinds += [(name,) for name in NAMED_TYPES]
    here = {key: counts[key] for key in counts if key[:1] in top and key[1:2] in kinds and key[2]}
    numbered = {(*key[:2], 1 + BANDS.index(key[2]), key[2]): count for key, count in here.items()}
    for key, share in shares(numbered, parts=2).items():
        yield *key[:2], key[1] in NAMED_TYPES, *key[2:], numbered[key], share


class Averages:
    """Compute the average of a time by place, type and priority. Only the top places are included."""

    def __init__(self, truth: dict[str, Any], time: str, place: str) -> None:
        self.incidents = read_counts(truth, f"{place} incidents")
        timed, seconds = (read_counts(truth, f"{place} {time} {name}") for name in ("timed", "seconds"))
        self.places = sort_descending(sum_by(self.incidents, 0))[:MAX_RANK]
        keys = [key for key in self.incidents if key[:1] in self.places and key[1]]
        self.timed = {key: timed[key] for key in keys if timed[key]}
        self.seconds = {key: seconds[key] for key in self.timed}
        self.minutes = {key: self.seconds[key] / (60 * self.timed[key]) for key in self.timed}
        self.all_incidents = sum_by({key: self.incidents[key] for key in keys}, 1, 2)
        self.all_timed, self.all_seconds = sum_by(self.timed, 1, 2), sum_by(self.seconds, 1, 2)

    def overall(self, key: tuple) -> float:
        return self.all_seconds[key[1:]] / (60 * self.all_timed[key[1:]])

    def averages(self, key: tuple) -> list[tuple]:
        """Return the average and the name of each place that has times for the type and the priority in `key`.

        The place with the shortest average is first.
        """
        return sorted((minutes, other[0]) for other, minutes in self.minutes.items() if other[1:] == key[1:])

    def slowest(self, key: tuple) -> str:
        places = self.averages(key)
        return min(name for minutes, name in places if minutes == places[-1][0])


def averages(truth: dict[str, Any], time: str, place: str) -> Rows:
    times = Averages(truth, time, place)
    nulls_first = {key: [(part is not None, part) for part in key[1:]] for key in times.minutes}
    for (name,) in times.places:
        here = [key for key in times.minutes if key[0] == name]
        slowest = sorted(here, key=lambda key: (-times.minutes[key], nulls_first[key]))
        fastest = sorted(here, key=lambda key: (times.minutes[key], nulls_first[key]))
        for key in here:
            places, timed = times.averages(key), times.timed[key]
            across = (places[0][1], times.slowest(key), round_half_up(places[-1][0] - places[0][0], 2))
            yield (
                *(*key, times.incidents[key], timed, round_half_up(times.minutes[key], 2), timed < MIN_TIMED),
                *(1 + slowest.index(key), 1 + fastest.index(key), len(places), round_half_up(times.overall(key), 2)),
                *(across if len(places) > 1 else (None, None, None)),
            )


def slowest_cities(truth: dict[str, Any]) -> Rows:
    times = Averages(truth, "dispatch_arrive", "city")
    for key, minutes in times.minutes.items():
        if len(times.averages(key)) > 1 and key[0] == times.slowest(key):
            others = times.all_timed[key[1:]] - times.timed[key]
            other_minutes = (times.all_seconds[key[1:]] - times.seconds[key]) / (60 * others)
            more = round_half_up(minutes - other_minutes, 2)
            yield (
                *key,
                times.timed[key],
                round_half_up(minutes, 2),
                others,
                round_half_up(other_minutes, 2),
                more,
                min(times.timed[key], others) < MIN_TIMED,
            )


def quadrants(truth: dict[str, Any]) -> Rows:
    times = Averages(truth, "dispatch_arrive", "city")
    for key, minutes in times.minutes.items():
        overall, usual = times.overall(key), times.all_incidents[key[1:]] / len(times.places)
        speed = "slower" if minutes > overall else "faster" if minutes < overall else None
        volume = "more" if times.incidents[key] > usual else "fewer" if times.incidents[key] < usual else None
        quadrant = f"{speed}, {volume}" if speed and volume else None
        figures = (times.timed[key], round_half_up(minutes, 2), round_half_up(overall, 2))
        yield *key, times.incidents[key], round_half_up(usual, 2), *figures, quadrant, times.timed[key] < MIN_TIMED


def priority_shares(truth: dict[str, Any]) -> Rows:
    counts = read_counts(truth, "city incidents")
    city_counts, type_counts, share = sum_by(counts, 0), sum_by(counts, 0, 1), shares(counts, parts=2)
    top, kinds = sort_descending(city_counts)[:MAX_RANK], sort_descending(sum_by(counts, 1))[:MAX_RANK]
    for key, count in counts.items():
        if key[:1] in top and key[1:2] in kinds:
            incidents = type_counts[key[:2]]
            yield (
                *key[:2],
                incidents,
                round_half_up(100 * incidents / city_counts[key[:1]], 3),
                key[2],
                count,
                share[key],
            )


COUNTED = "incidents share_pct"
AVERAGES = (
    "{} initial_type priority incidents timed avg_minutes few_incidents slowest_rank fastest_rank places "
    "overall_minutes fastest slowest spread_minutes"
).format
TYPES = "initial_type disposition_desc"
BANDED = "city initial_type is_named_type band_number band incidents share_pct"
ARRIVAL, CLEARING = "dispatch_arrive", "arrive_cleared"

ANSWERS: dict[str, tuple[str, Callable[[dict[str, Any]], Rows]]] = {
    "cities": (f"rank city {COUNTED} first_day last_day", cities),
    "top_city_types": (f"city_rank city rank initial_type {COUNTED}", partial(top_types, place="city")),
    "type_shares": (
        f"city initial_type {COUNTED} overall_incidents overall_pct difference_pct_points",
        type_shares,
    ),
    "streets": (f"rank street {COUNTED} at_intersections", streets),
    "top_street_types": (f"street_rank street rank initial_type {COUNTED}", partial(top_types, place="street")),
    "grid_cells": (f"rank cell south west street {COUNTED}", grid_cells),
    "intersections": (f"rank intersection latitude longitude {COUNTED}", intersections),
    "at_intersections": (
        f"is_intersection {COUNTED}",
        partial(count_rows, name="at_intersections", ranked=False, read=lambda at: (at and at == "True",)),
    ),
    "type_dispositions": (f"city_rank city rank {TYPES} {COUNTED}", type_dispositions),
    "common_type_dispositions": (
        f"rank {TYPES} cities incidents min_share_pct max_share_pct",
        common_type_dispositions,
    ),
    "top_type_dispositions": (f"city_rank city type_rank {TYPES} {COUNTED}", top_type_dispositions),
    "street_type_dispositions": (f"city street_rank street rank {TYPES} {COUNTED}", street_type_dispositions),
    "missing_times": (
        "group_kind group_name incidents arrival_missing clearing_missing arrival_missing_pct clearing_missing_pct",
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
        partial(count_rows, name="hours", ranked=False, read=lambda *key: tuple(map(int, key))),
    ),
}
"""Maps each answer to its column names and to the function that computes its expected rows."""
