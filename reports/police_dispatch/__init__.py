"""The report about incidents to which police were sent."""

from __future__ import annotations

from reports.answer import Answer, Report, Source
from reports.charts import chart
from reports.columns import Column
from reports.police_dispatch import sentences

_COMPARISON = (
    *("initial_type", "priority", "incidents", "timed", "avg_minutes", "few_incidents"),
    *("overall_minutes", "fastest", "slowest", "spread_minutes"),
)
_BANDS = ("city", "initial_type", "band", "incidents", "share_pct")
_BANDED = "100 % is all incidents of the type in the city that have known times."
_FEW = "Few timed means fewer than 5 timed incidents."
_ALL_TIMES = "An average includes all known times, including times of more than one day."
_HOURS = chart("heatmap", "hour", "incidents", "Incidents", series="weekday", series_order="weekday")


def _averages(name: str, question: str, place: str, places: str, axis: str) -> Answer:
    return Answer(
        name=name,
        question=question,
        sentence=sentences.averages,
        columns=(place, "slowest_rank", *_COMPARISON),
        charts=(
            chart(
                "dots",
                "initial_type priority",
                "avg_minutes",
                axis,
                series=place,
                where="NOT few_incidents",
                max_categories=12,
                in_order=True,
                note="The chart shows the slowest pairs, and only averages of at least 5 timed incidents.",
            ),
        ),
        order=("few_incidents", "-avg_minutes", place, "initial_type", "priority"),
        note=f"Rank 1 is the slowest pair of the {place}. Timed incidents have known times. Average and spread are "
        f"computed from the {places} in this table. {_ALL_TIMES} {_FEW}",
    )


def _banded(name: str, question: str) -> Answer:
    return Answer(
        name=name,
        question=question,
        sentence=sentences.bands,
        columns=_BANDS,
        charts=(
            chart(
                "stack",
                "city",
                "share_pct",
                "Share of incidents with a known time, %. Parts: minutes",
                series="band",
                series_order="band_number",
                panel="initial_type",
                weight="incidents",
            ),
        ),
        order=("city", "initial_type", "band_number"),
        note=_BANDED,
    )


ANSWERS = (
    Answer(
        name="cities",
        question="Which cities have the most incidents?",
        sentence=sentences.cities,
        columns=("rank", "city", "incidents", "share_pct"),
        charts=(chart("bars", "city", "share_pct", "Share of all incidents, %"),),
        order=("-incidents", "city"),
        note="100 % is all incidents.",
    ),
    Answer(
        name="top_city_types",
        question="Which types are the most common in each city?",
        sentence=sentences.top_city_types,
        columns=("city", "rank", "initial_type", "incidents", "share_pct"),
        charts=(
            chart(
                "bars",
                "initial_type",
                "share_pct",
                "Share of the city's incidents, %",
                panel="city",
                weight="incidents",
            ),
        ),
        order=("city_rank", "rank"),
        note="100 % is all incidents of the city.",
    ),
    Answer(
        name="type_shares",
        question="How do the shares of types differ by city?",
        sentence=sentences.type_shares,
        columns=("city", "initial_type", "incidents", "share_pct", "overall_pct", "difference_pct_points"),
        charts=(
            chart(
                "dots",
                "initial_type",
                "share_pct",
                "Share of the city's incidents, %",
                series="city",
                weight="incidents",
                max_categories=12,
            ),
        ),
        order=("-incidents", "city", "initial_type"),
        note="For Share %, 100 % is all incidents of the city. For County %, 100 % is all incidents.",
    ),
    Answer(
        name="streets",
        question="Which streets have the most incidents?",
        sentence=sentences.streets,
        columns=("rank", "street", "incidents", "share_pct", "at_intersections"),
        charts=(
            chart("bars", "street", "incidents", "Incidents at blocks", where="street IS NOT NULL", max_categories=15),
        ),
        order=("rank",),
        note="Incidents and Share % include only incidents at blocks. The column At intersections includes an incident "
        "once for each street of the intersection.",
    ),
    Answer(
        name="top_street_types",
        question="Which types are common on the busiest streets?",
        sentence=sentences.top_street_types,
        columns=("street", "rank", "initial_type", "incidents", "share_pct"),
        charts=(
            chart(
                "bars",
                "initial_type",
                "share_pct",
                "Share of the street's incidents, %",
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
        sentence=sentences.grid_cells,
        columns=("rank", "south", "west", "street", "incidents", "share_pct"),
        charts=(
            chart(
                "map",
                "street",
                "incidents",
                "Incidents in a grid cell of 0.01 degrees",
                coordinates=("south", "west"),
                where="south IS NOT NULL",
                note="A circle is at the south-west corner of its cell. A name is the street with the most incidents "
                "in the cell.",
            ),
        ),
        order=("rank",),
        note="Each row is a grid cell of 0.01 degrees (1.1 by 0.86 km). 100 % is all incidents with coordinates.",
    ),
    Answer(
        name="intersections",
        question="Which junctions have the most incidents?",
        sentence=sentences.intersections,
        columns=("rank", "intersection", "incidents", "share_pct"),
        charts=(
            chart(
                "map",
                "intersection",
                "incidents",
                "Incidents at an intersection",
                coordinates=("latitude", "longitude"),
                where="latitude IS NOT NULL",
            ),
            chart("bars", "intersection", "incidents", "Incidents", where="intersection IS NOT NULL"),
        ),
        order=("rank",),
        note="100 % is all incidents at intersections.",
    ),
    Answer(
        name="at_intersections",
        question="Do more incidents happen at intersections?",
        sentence=sentences.at_intersections,
        columns=("is_intersection", "incidents", "share_pct"),
        charts=(chart("bars", "is_intersection", "share_pct", "Share of all incidents, %"),),
        order=("-incidents",),
        note="100 % is all incidents, including incidents without an address.",
    ),
    Answer(
        name="type_dispositions",
        question="Which types and dispositions come together?",
        sentence=sentences.type_dispositions,
        columns=("city", "rank", "initial_type", "disposition_desc", "incidents", "share_pct"),
        charts=(
            chart(
                "bars",
                "initial_type disposition_desc",
                "share_pct",
                "Share of the city's incidents, %",
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
        sentence=sentences.common_pairs,
        columns=("rank", "initial_type", "disposition_desc", "incidents", "min_share_pct", "max_share_pct"),
        charts=(
            chart(
                "dots",
                "initial_type disposition_desc",
                "min_share_pct max_share_pct",
                "Lowest and highest share of a city's incidents, %",
                weight="incidents",
            ),
        ),
        order=("rank",),
        note="Minimum % and Maximum % are the lowest and the highest share among the cities. 100 % is all incidents "
        "of a city.",
    ),
    Answer(
        name="top_type_dispositions",
        question="How do incidents of the top types end?",
        sentence=sentences.top_type_dispositions,
        columns=("city", "initial_type", "disposition_desc", "incidents", "share_pct"),
        charts=(
            chart(
                "dots",
                "disposition_desc",
                "share_pct",
                "Share of the type's incidents in the city, %",
                series="city",
                panel="initial_type",
                weight="incidents",
                max_categories=6,
            ),
        ),
        order=("city_rank", "type_rank", "-incidents", "disposition_desc"),
        note="100 % is all incidents of the type in the city.",
    ),
    Answer(
        name="street_type_dispositions",
        question="How do incidents end in the largest city?",
        sentence=sentences.street_type_dispositions,
        columns=("city", "street", "rank", "initial_type", "disposition_desc", "incidents", "share_pct"),
        charts=(
            chart(
                "bars",
                "initial_type disposition_desc",
                "incidents",
                "Incidents at blocks of the street",
                panel="street",
                max_categories=5,
            ),
        ),
        order=("street_rank", "rank"),
        note="100 % is all incidents at blocks of the street in the largest city.",
    ),
    Answer(
        name="missing_times",
        question="Which incidents have missing times?",
        sentence=sentences.missing_times,
        columns=(
            *("group_kind", "group_name", "incidents", "arrival_missing", "arrival_missing_pct"),
            *("clearing_missing", "clearing_missing_pct"),
        ),
        charts=(
            chart(
                "dots",
                "group_name",
                "arrival_missing_pct clearing_missing_pct",
                "Incidents with a missing time, % of the incidents with this label",
                panel="group_kind",
                where="group_kind <> 'all'",
                weight="incidents",
                max_categories=8,
            ),
        ),
        order=("group_kind", "-incidents", "group_name"),
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
        sentence=sentences.slowest_cities,
        columns=(
            *("city", "initial_type", "priority", "timed", "avg_minutes", "few_incidents"),
            *("others_timed", "others_minutes", "more_minutes"),
        ),
        charts=(
            chart(
                "change",
                "city initial_type priority",
                "others_minutes avg_minutes",
                "Average minutes from dispatch to the first arrival",
                weight="more_minutes",
                where="NOT few_incidents",
                note="The chart shows only averages of at least 5 timed incidents.",
            ),
        ),
        order=("-more_minutes", "city", "initial_type", "priority"),
        note=f"Minutes are average minutes to arrive. Elsewhere means the other busiest cities. "
        f"{_ALL_TIMES} Few timed means fewer than 5 timed incidents in the city or elsewhere.",
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
        sentence=sentences.quadrants,
        columns=(
            *("quadrant", "city", "initial_type", "priority", "incidents", "usual_incidents"),
            *("avg_minutes", "overall_minutes", "few_incidents"),
        ),
        charts=(
            chart(
                "change",
                "city initial_type priority",
                "overall_minutes avg_minutes",
                "Average minutes from dispatch to the first arrival",
                panel="quadrant",
                where="quadrant LIKE '%more' AND NOT few_incidents",
                weight="incidents",
                max_categories=8,
                note="The chart shows only averages of at least 5 timed incidents.",
            ),
        ),
        order=("-quadrant", "-incidents", "city", "initial_type", "priority"),
        note=f"Usual values are averages over the cities in this table. {_ALL_TIMES} {_FEW}",
    ),
    Answer(
        name="priority_shares",
        question="How do priorities differ between the cities?",
        sentence=sentences.priority_shares,
        columns=(
            *("city", "initial_type", "type_incidents", "type_share_pct"),
            *("priority", "incidents", "priority_share_pct"),
        ),
        charts=(
            chart(
                "dots",
                "priority",
                "priority_share_pct",
                "Share of the type's incidents in the city, %",
                series="city",
                panel="initial_type",
                weight="incidents",
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
        sentence=sentences.hours,
        columns=("weekday", "hour", "incidents", "share_pct"),
        charts=(_HOURS,),
        order=("-incidents", "weekday", "hour"),
        note="Weekday 1 is Monday. 100 % is all incidents. The counts are totals, and not averages for one day. In a "
        "short period, some weekdays occur more often and therefore have higher counts.",
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
    columns={
        "disposition_desc": Column(header="Disposition"),
        "overall_pct": Column(header="County %"),
        "overall_minutes": Column(header="Average"),
        "spread_minutes": Column(header="Spread"),
        "slowest_rank": Column(header="Rank"),
        "is_intersection": Column(header="At intersection"),
        "min_share_pct": Column(header="Minimum %"),
        "max_share_pct": Column(header="Maximum %"),
        "group_kind": Column(header="Group", names_columns=True),
        "group_name": Column(header="Name"),
        "arrival_missing": Column(header="No arrival"),
        "arrival_missing_pct": Column(header="No arrival %"),
        "clearing_missing": Column(header="No clearing"),
        "clearing_missing_pct": Column(header="No clearing %"),
        "others_timed": Column(header="Timed elsewhere"),
        "others_minutes": Column(header="Minutes elsewhere"),
        "more_minutes": Column(header="Difference, minutes", is_signed=True),
        "type_share_pct": Column(header="Type %"),
        "priority_share_pct": Column(header="Priority %"),
        "band": Column(header="Minutes"),
        "avg_minutes": Column(header="Minutes"),
        "few_incidents": Column(header="Few timed"),
        "initial_type": Column(header="Type"),
        "priority": Column(is_numbered=True),
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
