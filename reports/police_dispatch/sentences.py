"""The sentences of the report about dispatched incidents. Each function returns an answer in one to three sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from reports.answer import Rows
from reports.words import WEEKDAYS, name_of


def _pair(row: Mapping[str, Any]) -> str:
    return f"{name_of(row['initial_type'])} with priority {name_of(row['priority'], default='unknown')}"


def cities(rows: Rows) -> str:
    top = rows[0]
    return (
        f"{name_of(top['city'], default='The unknown city')} has the most incidents: {top['incidents']:,}, "
        f"or {top['share_pct']:.2f} % of all."
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
    street = f", most on {known[0]['street']}" if known[0]["street"] else ""
    return (
        f"Half of the incidents happened in {cells:,} of {len(known):,} cells. The busiest cell has "
        f"{known[0]['incidents']:,}{street}."
    )


def intersections(rows: Rows) -> str:
    top = rows[0]
    return f"{name_of(top['intersection'])} has the most incidents at an intersection: {top['incidents']:,}."


def at_intersections(rows: Rows) -> str:
    shares = {row["is_intersection"]: row["share_pct"] for row in rows}
    junctions, blocks = shares.get(True, 0), shares.get(False, 0)
    comparison = "more" if junctions > blocks else "less"
    return (
        f"Incidents are {comparison} frequent at junctions than along roads: {junctions:.2f} % happened at an "
        f"intersection, and {blocks:.2f} % at a block of a road."
    )


def type_dispositions(rows: Rows) -> str:
    firsts = Counter((row["initial_type"], row["disposition_desc"]) for row in rows if row["rank"] == 1)
    (kind, disposition), count = firsts.most_common(1)[0]
    return (
        f"{name_of(kind)} with {name_of(disposition)} is the most common pair in {count} of the {firsts.total()} "
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
    every = next(row for row in rows if row["dimension"] == "all")
    return (
        f"{every['arrival_missing_pct']:.2f} % of incidents have no arrival time, and "
        f"{every['clearing_missing_pct']:.2f} % have no clearing time."
    )


def bands(rows: Rows) -> str:
    totals: Counter[tuple[int, str]] = Counter()
    for row in rows:
        totals[row["band_number"], row["band"]] += row["incidents"]
    covered = 0
    for (_, band), count in sorted(totals.items()):
        covered += count
        if covered >= totals.total() / 2:
            limit = f"less than {band.partition('-')[2]}" if "-" in band else f"{band.rstrip('+')} or more"
            return f"The median is {limit} minutes, over {totals.total():,} incidents with a known time."
    return "No incident has a known time."


def averages(rows: Rows) -> str:
    known = [row for row in rows if not row["few_incidents"]]
    if not known:
        return "No pair of type and priority has enough timed incidents."
    place = "city" if "city" in known[0] else "street"
    slow, fast = (choose(known, key=lambda row: row["avg_minutes"]) for choose in (max, min))
    return (
        f"{_pair(slow)} is the slowest, with {slow['avg_minutes']:,.2f} minutes in {slow[place]}. The fastest is "
        f"{_pair(fast)}, with {fast['avg_minutes']:,.2f} minutes in {fast[place]}."
        if place == "city"
        else f"{_pair(slow)} is the slowest, with {slow['avg_minutes']:,.2f} minutes on {slow[place]}. The fastest is "
        f"{_pair(fast)}, with {fast['avg_minutes']:,.2f} minutes on {fast[place]}."
    )


def slowest_cities(rows: Rows) -> str:
    few = sum(row["few_incidents"] for row in rows)
    top = next((row for row in rows if not row["few_incidents"]), rows[0])
    return (
        f"{_pair(top)} took {top['more_minutes']:,.2f} minutes more in {top['city']} than in the other cities, on "
        f"average over {top['timed']:,} incidents. {few:,} of {len(rows):,} differences rest on fewer than 5 incidents."
    )


def quadrants(rows: Rows) -> str:
    known = [row for row in rows if not row["few_incidents"]]
    slower = Counter(row["city"] for row in known if row["quadrant"] == "slower, more")
    faster = sum(row["quadrant"] == "faster, more" for row in known)
    if not slower:
        return f"No city had more incidents than usual and was slower. In {faster:,} combinations it was faster."
    (city, count), total = slower.most_common(1)[0], slower.total()
    return (
        f"In {total:,} combinations of city, type and priority, a city had more incidents than usual and was slower. "
        f"{count:,} of them are in {city}. In {faster:,} combinations, it was faster."
    )


def priority_shares(rows: Rows) -> str:
    top = max(rows, key=lambda row: (row["type_share_pct"], row["priority_share_pct"]))
    return (
        f"{top['initial_type']} has its greatest share in {top['city']}, with {top['type_share_pct']:.2f} % of the "
        f"city's incidents. {top['priority_share_pct']:.2f} % of them have priority "
        f"{name_of(top['priority'], default='unknown')}."
    )


def hours(rows: Rows) -> str:
    top = rows[0]
    hour = f"{WEEKDAYS[top['weekday'] - 1]} at {top['hour']}:00"
    return f"The busiest hour begins on {hour}, with {top['incidents']:,} incidents."
