"""The report about incidents to which police were sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from reports.answer import Answer, Report, Rows, Source
from reports.charts import Chart
from reports.words import WEEKDAYS, listed, name_of

_COMPARISON = (
    *("initial_type", "priority", "incidents", "timed", "avg_minutes", "few_incidents"),
    *("overall_minutes", "fastest", "slowest", "spread_minutes"),
)
_BANDS = ("city", "initial_type", "band", "incidents", "share_pct")
_BANDED = "100 % is all incidents of the type in the city that have known times."
_FEW = "Few timed means fewer than 5 timed incidents."
_AVERAGES = (
    "Rank 1 is the slowest. Timed incidents have known times. Average and spread are computed from the {} in this "
    f"table. {_FEW}"
)
_HOURS = Chart(kind="heatmap", category=("hour",), series="weekday", values=("incidents",), axis="Incidents")


def _bars(category: str, axis: str, *, value: str = "incidents", panel: str = "", **options: Any) -> Chart:
    panels = (panel,) if panel else ()
    return Chart(kind="bars", category=tuple(category.split()), values=(value,), panel=panels, axis=axis, **options)


def _pair(row: Mapping[str, Any]) -> str:
    return f"{name_of(row['initial_type'])} with priority {name_of(row['priority'], default='unknown')}"


def _cities(rows: Rows) -> str:
    top = rows[0]
    return (
        f"{name_of(top['city'], default='The unknown city')} has the most incidents: {top['incidents']:,}, "
        f"or {top['share_pct']:.2f} % of all."
    )


def _top_city_types(rows: Rows) -> str:
    firsts = Counter(row["initial_type"] for row in rows if row["rank"] == 1)
    kind, count = firsts.most_common(1)[0]
    return f"{kind} is the most common type in {count} of the {firsts.total()} busiest cities."


def _type_shares(rows: Rows) -> str:
    top = max(rows, key=lambda row: abs(row["difference_pct_points"]) * row["incidents"])
    return (
        f"{name_of(top['initial_type'])} stands out in {name_of(top['city'])}: {top['share_pct']:.2f} % of the city's "
        f"incidents, and {top['overall_pct']:.2f} % in the county."
    )


def _streets(rows: Rows) -> str:
    top = next((row for row in rows if row["street"] is not None), None)
    if top is None:
        return "The street of all incidents is unknown."
    return (
        f"{top['street']} has the most incidents at blocks: {top['incidents']:,}, or {top['share_pct']:.2f} % of them. "
        f"{top['at_intersections']:,} more happened at its intersections."
    )


def _top_street_types(rows: Rows) -> str:
    top = rows[0]
    return (
        f"On {top['street']}, the most common type is {top['initial_type']}, with {top['share_pct']:.2f} % of the "
        "street's incidents."
    )


def _grid_cells(rows: Rows) -> str:
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


def _intersections(rows: Rows) -> str:
    top = rows[0]
    return f"{name_of(top['intersection'])} has the most incidents at an intersection: {top['incidents']:,}."


def _at_intersections(rows: Rows) -> str:
    share = sum(row["share_pct"] for row in rows if row["is_intersection"])
    return f"{share:.2f} % of incidents happened at an intersection."


def _type_dispositions(rows: Rows) -> str:
    firsts = [row for row in rows if row["rank"] == 1]
    parts = [f"{row['initial_type']} with {name_of(row['disposition_desc'])} in {row['city']}" for row in firsts]
    return (
        f"The most common pairs are {listed(parts)}." if len(set(parts)) > 1 else f"The most common pair is {parts[0]}."
    )


def _common_pairs(rows: Rows) -> str:
    top = rows[0]
    return (
        f"{len(rows):,} pairs occur in all of the busiest cities. The most common is {top['initial_type']} with "
        f"{top['disposition_desc']}."
    )


def _top_type_dispositions(rows: Rows) -> str:
    totals: Counter[str] = Counter()
    for row in rows:
        totals[name_of(row["disposition_desc"], default="no disposition")] += row["incidents"]
    name, count = totals.most_common(1)[0]
    return f"{name} is the most common disposition: {100 * count / totals.total():.2f} % of these incidents."


def _street_type_dispositions(rows: Rows) -> str:
    top = rows[0]
    return (
        f"On {top['street']} in {top['city']}, the most common pair is {name_of(top['initial_type'])} with "
        f"{name_of(top['disposition_desc'])}: {top['incidents']:,} incidents."
    )


def _missing_times(rows: Rows) -> str:
    every = next(row for row in rows if row["dimension"] == "all")
    return (
        f"{every['arrival_missing_pct']:.2f} % of incidents have no arrival time, and "
        f"{every['clearing_missing_pct']:.2f} % have no clearing time."
    )


def _bands(rows: Rows) -> str:
    totals: dict[tuple[int, str], int] = {}
    for row in rows:
        key = (row["band_number"], row["band"])
        totals[key] = totals.get(key, 0) + row["incidents"]
    (_, band), count = max(totals.items(), key=lambda item: item[1])
    return (
        f"The most common range is {band} minutes, with {100 * count / sum(totals.values()):.2f} % of these incidents."
    )


def _averages_sentence(rows: Rows) -> str:
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


def _slowest_cities(rows: Rows) -> str:
    top = rows[0]
    return (
        f"{_pair(top)} took {top['more_minutes']:,.2f} minutes more in {top['city']} than in the other cities, on "
        f"average. Only {top['timed']:,} timed there, and {top['others_timed']:,} elsewhere."
    )


def _quadrants(rows: Rows) -> str:
    counts = Counter(row["quadrant"] for row in rows if row["quadrant"] and not row["few_incidents"])
    return (
        f"With more incidents than usual, a city was slower than usual for {counts['slower, more']:,} pairs of type "
        f"and priority, and faster for {counts['faster, more']:,}."
    )


def _priority_shares(rows: Rows) -> str:
    top = max(rows, key=lambda row: (row["type_share_pct"], row["priority_share_pct"]))
    return (
        f"{top['initial_type']} has its greatest share in {top['city']}, with {top['type_share_pct']:.2f} % of the "
        f"city's incidents. {top['priority_share_pct']:.2f} % of them have priority "
        f"{name_of(top['priority'], default='unknown')}."
    )


def _hours(rows: Rows) -> str:
    top = rows[0]
    hour = f"{WEEKDAYS[top['weekday'] - 1]} at {top['hour']}:00"
    return f"The busiest hour begins on {hour}, with {top['incidents']:,} incidents."


def _averages(name: str, question: str, place: str, places: str, axis: str) -> Answer:
    return Answer(
        name=name,
        question=question,
        sentence=_averages_sentence,
        columns=(place, "slowest_rank", *_COMPARISON),
        charts=(
            Chart(
                kind="dots",
                category=("initial_type", "priority"),
                values=("avg_minutes",),
                series=place,
                where="NOT few_incidents",
                weight="timed",
                max_categories=12,
                axis=axis,
                note="The chart shows the pairs with the most timed incidents, and only averages of at least 5.",
            ),
        ),
        order=(place, "slowest_rank"),
        note=_AVERAGES.format(places),
    )


def _banded(name: str, question: str) -> Answer:
    return Answer(
        name=name,
        question=question,
        sentence=_bands,
        columns=_BANDS,
        charts=(
            Chart(
                kind="stack",
                category=("city",),
                values=("share_pct",),
                series="band",
                series_order="band_number",
                panel=("initial_type",),
                weight="incidents",
                axis="Share of incidents with a known time, %. Parts: minutes",
            ),
        ),
        order=("city", "initial_type", "band_number"),
        note=_BANDED,
    )


ANSWERS = (
    Answer(
        name="cities",
        question="Which cities have the most incidents?",
        sentence=_cities,
        columns=("rank", "city", "incidents", "share_pct"),
        charts=(_bars("city", "Share of all incidents, %", value="share_pct"),),
        order=("-incidents", "city"),
        note="100 % is all incidents.",
    ),
    Answer(
        name="top_city_types",
        question="Which types are the most common in each city?",
        sentence=_top_city_types,
        columns=("city", "rank", "initial_type", "incidents", "share_pct"),
        charts=(
            _bars(
                "initial_type", "Share of the city's incidents, %", value="share_pct", panel="city", weight="incidents"
            ),
        ),
        order=("city_rank", "rank"),
        note="100 % is all incidents of the city.",
    ),
    Answer(
        name="type_shares",
        question="How do the shares of types differ by city?",
        sentence=_type_shares,
        columns=("city", "initial_type", "incidents", "share_pct", "overall_pct", "difference_pct_points"),
        charts=(
            Chart(
                kind="dots",
                category=("initial_type",),
                values=("share_pct",),
                series="city",
                weight="incidents",
                max_categories=12,
                axis="Share of the city's incidents, %",
            ),
        ),
        order=("-|difference_pct_points|", "city", "initial_type"),
        note="The greatest difference comes first. For Share %, 100 % is all incidents of the city. For County %, "
        "100 % is all incidents.",
    ),
    Answer(
        name="streets",
        question="Which streets have the most incidents?",
        sentence=_streets,
        columns=("rank", "street", "incidents", "share_pct", "at_intersections"),
        charts=(_bars("street", "Incidents at blocks", where="street IS NOT NULL", max_categories=15),),
        order=("rank",),
        note="Incidents and Share % include only incidents at blocks. The column At intersections includes an incident "
        "once for each street of the intersection.",
    ),
    Answer(
        name="top_street_types",
        question="Which types are common on the busiest streets?",
        sentence=_top_street_types,
        columns=("street", "rank", "initial_type", "incidents", "share_pct"),
        charts=(
            _bars(
                "initial_type",
                "Share of the street's incidents, %",
                value="share_pct",
                panel="street",
                weight="incidents",
            ),
        ),
        order=("street_rank", "rank"),
        note="100 % is all incidents at blocks of the street.",
    ),
    Answer(
        name="grid_cells",
        question="Where do incidents concentrate?",
        sentence=_grid_cells,
        columns=("rank", "south", "west", "street", "incidents", "share_pct"),
        charts=(
            Chart(
                kind="map",
                category=("street",),
                values=("incidents",),
                coordinates=("south", "west"),
                where="south IS NOT NULL",
                axis="Incidents in a grid cell of 0.01 degrees",
                note="A name is the street with the most incidents in the cell.",
            ),
        ),
        order=("rank",),
        note="Each row is a grid cell of 0.01 degrees (1.1 by 0.86 km). 100 % is all incidents with coordinates.",
    ),
    Answer(
        name="intersections",
        question="Which junctions have the most incidents?",
        sentence=_intersections,
        columns=("rank", "intersection", "incidents", "share_pct"),
        charts=(
            Chart(
                kind="map",
                category=("intersection",),
                values=("incidents",),
                coordinates=("latitude", "longitude"),
                where="latitude IS NOT NULL",
                axis="Incidents at an intersection",
            ),
            _bars("intersection", "Incidents", where="intersection IS NOT NULL"),
        ),
        order=("rank",),
        note="100 % is all incidents at intersections.",
    ),
    Answer(
        name="at_intersections",
        question="Are incidents more frequent at junctions?",
        sentence=_at_intersections,
        columns=("is_intersection", "incidents", "share_pct"),
        charts=(_bars("is_intersection", "Share of all incidents, %", value="share_pct"),),
        order=("-incidents",),
        note="100 % is all incidents, including incidents without an address.",
    ),
    Answer(
        name="type_dispositions",
        question="Which types and dispositions come together?",
        sentence=_type_dispositions,
        columns=("city", "rank", "initial_type", "disposition_desc", "incidents", "share_pct"),
        charts=(
            _bars(
                "initial_type disposition_desc",
                "Share of the city's incidents, %",
                value="share_pct",
                panel="city",
                max_categories=5,
                weight="incidents",
            ),
        ),
        order=("city_rank", "rank"),
        note="100 % is all incidents of the city.",
    ),
    Answer(
        name="common_type_dispositions",
        question="Which pairs are common to all busy cities?",
        sentence=_common_pairs,
        columns=("rank", "initial_type", "disposition_desc", "incidents", "min_share_pct", "max_share_pct"),
        charts=(
            Chart(
                kind="dots",
                category=("initial_type", "disposition_desc"),
                values=("min_share_pct", "max_share_pct"),
                weight="incidents",
                axis="Lowest and highest share of a city's incidents, %",
            ),
        ),
        order=("rank",),
        note="Minimum and maximum are the lowest and the highest share in a city. 100 % is all incidents of a city.",
    ),
    Answer(
        name="top_type_dispositions",
        question="How do incidents of the top types end?",
        sentence=_top_type_dispositions,
        columns=("city", "initial_type", "disposition_desc", "incidents", "share_pct"),
        charts=(
            Chart(
                kind="dots",
                category=("disposition_desc",),
                values=("share_pct",),
                series="city",
                panel=("initial_type",),
                weight="incidents",
                max_categories=6,
                axis="Share of the type's incidents in the city, %",
            ),
        ),
        order=("city_rank", "type_rank", "-incidents", "disposition_desc"),
        note="100 % is all incidents of the type in the city.",
    ),
    Answer(
        name="street_type_dispositions",
        question="How do incidents end in the largest city?",
        sentence=_street_type_dispositions,
        columns=("city", "street", "rank", "initial_type", "disposition_desc", "incidents", "share_pct"),
        charts=(
            _bars(
                "initial_type disposition_desc", "Incidents at blocks of the street", panel="street", max_categories=5
            ),
        ),
        order=("street_rank", "rank"),
        note="100 % is all incidents at blocks of the street in the largest city.",
    ),
    Answer(
        name="missing_times",
        question="Which incidents have missing times?",
        sentence=_missing_times,
        columns=(
            *("dimension", "value", "incidents", "arrival_missing", "arrival_missing_pct"),
            *("clearing_missing", "clearing_missing_pct"),
        ),
        charts=(
            Chart(
                kind="dots",
                category=("value",),
                values=("arrival_missing_pct", "clearing_missing_pct"),
                panel=("dimension",),
                where="dimension <> 'all'",
                weight="incidents",
                max_categories=8,
                axis="Incidents without the time, % of all incidents of the row",
            ),
        ),
        order=("dimension", "-incidents", "value"),
        note="For each row, 100 % is the number of incidents in the row.",
    ),
    _banded("arrival_bands", "How long does the first unit take to arrive?"),
    _banded("clearing_bands", "How long does it take to clear an incident?"),
    _averages(
        "arrival_by_city",
        "Which types wait the longest, by city?",
        "city",
        "cities",
        "Average minutes from dispatch to the first arrival",
    ),
    Answer(
        name="slowest_cities",
        question="Why is one city the slowest for a type?",
        sentence=_slowest_cities,
        columns=(
            *("city", "initial_type", "priority", "timed", "avg_minutes", "few_incidents"),
            *("others_timed", "others_minutes", "more_minutes"),
        ),
        charts=(
            Chart(
                kind="change",
                category=("city", "initial_type", "priority"),
                values=("others_minutes", "avg_minutes"),
                weight="more_minutes",
                axis="Average minutes from dispatch to the first arrival",
            ),
        ),
        order=("-more_minutes", "city", "initial_type", "priority"),
        note=f"Minutes are average minutes to arrive. Elsewhere means the other busiest cities. {_FEW}",
    ),
    _averages(
        "clearing_by_city",
        "Which types take the longest to clear?",
        "city",
        "cities",
        "Average minutes from arrival until all units cleared",
    ),
    _averages(
        "arrival_by_street",
        "Which types wait the longest, by street?",
        "street",
        "streets",
        "Average minutes from dispatch to the first arrival",
    ),
    _averages(
        "clearing_by_street",
        "Which types clear the slowest, by street?",
        "street",
        "streets",
        "Average minutes from arrival until all units cleared",
    ),
    Answer(
        name="quadrants",
        question="Where do more incidents mean slower arrivals?",
        sentence=_quadrants,
        columns=(
            *("quadrant", "city", "initial_type", "priority", "incidents", "usual_incidents"),
            *("avg_minutes", "overall_minutes", "few_incidents"),
        ),
        charts=(
            Chart(
                kind="change",
                category=("city", "initial_type", "priority"),
                values=("overall_minutes", "avg_minutes"),
                panel=("quadrant",),
                where="quadrant LIKE '%more' AND NOT few_incidents",
                weight="incidents",
                max_categories=8,
                axis="Average minutes from dispatch to the first arrival",
            ),
        ),
        order=("-quadrant", "-incidents", "city", "initial_type", "priority"),
        note=f"Usual values are averages over the cities in this table. {_FEW}",
    ),
    Answer(
        name="priority_shares",
        question="How do priorities differ between the cities?",
        sentence=_priority_shares,
        columns=(
            *("city", "initial_type", "type_incidents", "type_share_pct"),
            *("priority", "incidents", "priority_share_pct"),
        ),
        charts=(
            Chart(
                kind="dots",
                category=("priority",),
                values=("priority_share_pct",),
                series="city",
                panel=("initial_type",),
                weight="incidents",
                axis="Share of the type's incidents in the city, %",
                in_order=True,
            ),
        ),
        order=("initial_type", "priority", "-priority_share_pct", "city"),
        note="For Type %, 100 % is all incidents of the city. For Priority %, 100 % is all incidents of the type in "
        "the city.",
    ),
    Answer(
        name="hours",
        question="When do incidents happen?",
        sentence=_hours,
        columns=("weekday", "hour", "incidents", "share_pct"),
        charts=(_HOURS,),
        order=("-incidents", "weekday", "hour"),
        note="Weekday 1 is Monday. 100 % is all incidents.",
    ),
)

REPORT = Report(
    title="Police dispatch",
    sources=(
        Source(
            "Montgomery County, Maryland, Police Dispatched Incidents",
            "https://data.montgomerycountymd.gov/Public-Safety/Police-Dispatched-Incidents/98cc-bc7d",
        ),
    ),
    answers=ANSWERS,
    headers={
        "disposition_desc": "Disposition",
        "overall_pct": "County %",
        "overall_minutes": "Average",
        "spread_minutes": "Spread",
        "slowest_rank": "Rank",
        "is_intersection": "At intersection",
        "min_share_pct": "Minimum %",
        "max_share_pct": "Maximum %",
        "dimension": "Group",
        "arrival_missing": "No arrival",
        "arrival_missing_pct": "No arrival %",
        "clearing_missing": "No clearing",
        "clearing_missing_pct": "No clearing %",
        "others_timed": "Timed elsewhere",
        "others_minutes": "Minutes elsewhere",
        "more_minutes": "Difference, minutes",
        "type_share_pct": "Type %",
        "priority_share_pct": "Priority %",
        "band": "Minutes",
    },
    sparkline="hours",
    sections={
        "cities": "Types by city",
        "streets": "Streets, cells and junctions",
        "type_dispositions": "Types and dispositions",
        "missing_times": "Missing times",
        "arrival_bands": "Time to arrive and to clear",
        "arrival_by_city": "Average times",
        "quadrants": "Patterns of incidents and response times",
    },
)
