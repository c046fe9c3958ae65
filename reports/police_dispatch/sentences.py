"""The sentences of the report about dispatched incidents. Each function returns an answer in one to three sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from reports.answer import Rows
from reports.words import WEEKDAYS, listed, name_of, written

MIN_INCIDENTS = 20
"""The sentence about missing times compares only types with at least this number of incidents."""


def _pair(row: Mapping[str, Any]) -> str:
    return f"{name_of(row['initial_type'])} with priority {name_of(row['priority'], default='unknown')}"


def cities(rows: Rows) -> str:
    top = rows[0]
    days = [row[name] for row in rows for name in ("first_day", "last_day") if row[name] is not None]
    period = f" The data is from {written(min(days))} to {written(max(days))}." if days else ""
    return (
        f"{name_of(top['city'], default='The unknown city')} has the most incidents: {top['incidents']:,}, "
        f"or {top['share_pct']:.2f} % of all.{period}"
    )


def top_city_types(rows: Rows) -> str:
    firsts = Counter(row["initial_type"] for row in rows if row["rank"] == 1)
    kind, count = firsts.most_common(1)[0]
    return f"{kind} is the most common type in {count} of the {firsts.total()} busiest cities."


def type_shares(rows: Rows) -> str:
    top = max(rows, key=lambda row: abs(row["difference_pct_points"]) * row["incidents"])
    return (
        f"{name_of(top['initial_type'])} stands out in {name_of(top['city'])}: {top['share_pct']:.2f} % of the city's "
        f"incidents, and {top['overall_pct']:.2f} % in the county."
    )


def streets(rows: Rows) -> str:
    top = next((row for row in rows if row["street"] is not None), None)
    if top is None:
        return "The street of all incidents is unknown."
    return (
        f"{top['street']} has the most incidents at blocks: {top['incidents']:,}, or {top['share_pct']:.2f} % of them. "
        f"{top['at_intersections']:,} more happened at its intersections."
    )


def top_street_types(rows: Rows) -> str:
    top = rows[0]
    return (
        f"On {top['street']}, the most common type is {top['initial_type']}, with {top['share_pct']:.2f} % of the "
        "street's incidents."
    )


def grid_cells(rows: Rows) -> str:
    known = [row for row in rows if row["rank"] is not None]
    if not known:
        return "No incident has coordinates."
    total, covered, cells = sum(row["incidents"] for row in known), 0, 0
    while covered < total / 2:
        covered += known[cells]["incidents"]
        cells += 1
    busiest = [row for row in known if row["incidents"] == known[0]["incidents"]]
    streets = sorted({row["street"] for row in busiest if row["street"]})
    where = f", near {listed(streets)}" if streets else ""
    which = "The busiest cell has" if len(busiest) == 1 else f"Each of the {len(busiest):,} busiest cells has"
    return (
        f"Half of the incidents happened in {cells:,} of {len(known):,} cells. {which} "
        f"{known[0]['incidents']:,} incidents{where}."
    )


def intersections(rows: Rows) -> str:
    top = rows[0]
    return f"{name_of(top['intersection'])} has the most incidents at an intersection: {top['incidents']:,}."


def at_intersections(rows: Rows) -> str:
    shares = {row["is_intersection"]: row["share_pct"] for row in rows}
    junctions, blocks = shares.get(True, 0), shares.get(False, 0)
    more = "at intersections" if junctions > blocks else "on blocks"
    return f"More incidents happened {more}: {junctions:.2f} % at intersections, and {blocks:.2f} % on blocks."


def type_dispositions(rows: Rows) -> str:
    most = {row["city"]: row["incidents"] for row in rows if row["rank"] == 1}
    firsts = [row for row in rows if row["incidents"] == most[row["city"]]]  # Two pairs can share the first place.
    (kind, disposition), count = Counter((row["initial_type"], row["disposition_desc"]) for row in firsts).most_common(
        1
    )[0]
    return (
        f"{name_of(kind)} with {name_of(disposition)} is the most common pair in {count} of the {len(most)} "
        "busiest cities."
    )


def common_pairs(rows: Rows) -> str:
    top = rows[0]
    return (
        f"{len(rows):,} pairs occur in all of the busiest cities. The most common is {top['initial_type']} with "
        f"{top['disposition_desc']}."
    )


def top_type_dispositions(rows: Rows) -> str:
    totals: Counter[str] = Counter()
    for row in rows:
        totals[name_of(row["disposition_desc"], default="no disposition")] += row["incidents"]
    name, count = totals.most_common(1)[0]
    return f"{name} is the most common disposition: {100 * count / totals.total():.2f} % of these incidents."


def street_type_dispositions(rows: Rows) -> str:
    top = rows[0]
    return (
        f"On {top['street']} in {top['city']}, the most common pair is {name_of(top['initial_type'])} with "
        f"{name_of(top['disposition_desc'])}: {top['incidents']:,} incidents."
    )


def missing_times(rows: Rows) -> str:
    every = next(row for row in rows if row["group_kind"] == "all")
    types = [row for row in rows if row["group_kind"] == "initial_type" and row["incidents"] >= MIN_INCIDENTS]
    pattern = ""
    if types:
        worst = max(types, key=lambda row: row["arrival_missing_pct"])
        pattern = (
            f" Among the types with at least {MIN_INCIDENTS} incidents, {name_of(worst['group_name'])} has the highest "
            f"share of missing arrival times: {worst['arrival_missing_pct']:.2f} %."
        )
    return (
        f"{every['arrival_missing_pct']:.2f} % of incidents have no arrival time, and "
        f"{every['clearing_missing_pct']:.2f} % have no clearing time.{pattern}"
    )


def bands(rows: Rows) -> str:
    named = [row for row in rows if row["is_named_type"]] or rows
    kinds = listed(sorted({name_of(row["initial_type"]) for row in named}))
    totals: Counter[tuple[int, str]] = Counter()
    for row in named:
        totals[row["band_number"], row["band"]] += row["incidents"]
    covered = 0
    for (_, band), count in sorted(totals.items()):
        covered += count
        if covered >= totals.total() / 2:
            limit = f"less than {band.partition('-')[2]}" if "-" in band else f"{band.rstrip('+')} or more"
            known = f"{totals.total():,} incidents of these types have a known time"
            return f"The median for {kinds} is {limit} minutes. {known}."
    return "No incident has a known time."


def averages(rows: Rows) -> str:
    known = [row for row in rows if not row["few_incidents"]]
    if not known:
        return "No pair of type and priority has enough timed incidents."
    slow, fast = (choose(known, key=lambda row: row["avg_minutes"]) for choose in (max, min))
    place, where = ("city", "in") if "city" in slow else ("street", "on")
    longest, shortest = (f"{row['avg_minutes']:,.2f} minutes {where} {row[place]}" for row in (slow, fast))
    return (
        f"{_pair(slow)} is the slowest, with an average of {longest} for {slow['timed']:,} incidents. The fastest is "
        f"{_pair(fast)}, with {shortest}."
    )


def slowest_cities(rows: Rows) -> str:
    few = sum(row["few_incidents"] for row in rows)
    top = next((row for row in rows if not row["few_incidents"]), rows[0])
    return (
        f"On average, {_pair(top)} took {top['more_minutes']:,.2f} minutes more in {top['city']} than in the other "
        f"busiest cities, for {top['timed']:,} incidents. In {few:,} of {len(rows):,} comparisons, the city or the "
        "other cities have fewer than 5 timed incidents."
    )


def quadrants(rows: Rows) -> str:
    counts = Counter(row["quadrant"] for row in rows if not row["few_incidents"])
    slower, faster = counts["slower, more"], counts["faster, more"]
    return (
        f"In {slower + faster:,} combinations of city, type and priority, a city had more incidents than usual. "
        f"Arrivals were slower in {slower:,} of them, and faster in {faster:,}. Combinations with fewer than 5 timed "
        "incidents are left out."
    )


def priority_shares(rows: Rows) -> str:
    top = max(rows, key=lambda row: (row["type_share_pct"], row["priority_share_pct"]))
    same = [row for row in rows if (row["initial_type"], row["priority"]) == (top["initial_type"], top["priority"])]
    ends = (choose(same, key=lambda row: row["priority_share_pct"]) for choose in (min, max))
    low, high = (f"{row['priority_share_pct']:.2f} % in {row['city']}" for row in ends)
    return (
        f"{top['initial_type']} has its greatest share in {top['city']}, with {top['type_share_pct']:.2f} % of the "
        f"city's incidents. The share of priority {name_of(top['priority'], default='unknown')} among the incidents of "
        f"this type is between {low} and {high}."
    )


def hours(rows: Rows) -> str:
    top = rows[0]
    hour = f"{WEEKDAYS[top['weekday'] - 1]} at {top['hour']}:00"
    return f"The busiest hour begins on {hour}, with {top['incidents']:,} incidents."
