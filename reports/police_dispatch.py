"""How the answers about dispatched incidents are shown. Each says what its shares and averages are of."""

from __future__ import annotations

from reports.answer import Answer, Shown

_RANK = Shown("rank", "Rank", "d")
_CITY, _STREET, _TYPE = Shown("city", "City"), Shown("street", "Street"), Shown("initial_type", "Type")
_PRIORITY, _DISPOSITION = Shown("priority", "Priority", "d"), Shown("disposition_desc", "Disposition")
_INCIDENTS, _SHARE = Shown("incidents", "Incidents", ",d"), Shown("share_pct", "Share %", ".3f", bar=True)
_TIMED, _FEW = Shown("timed", "Timed", ",d"), Shown("few_incidents", "Few")
_BANDS = (_CITY, _TYPE, Shown("band", "Minutes"), _INCIDENTS, _SHARE)
_COMPARED = (
    *(_TYPE, _PRIORITY, _INCIDENTS, _TIMED, Shown("avg_minutes", "Minutes", ",.2f"), _FEW),
    *(Shown("overall_minutes", "All", ",.2f"), Shown("fastest", "Fastest"), Shown("slowest", "Slowest")),
    Shown("spread_minutes", "Spread", ",.2f"),
)
_AVERAGES = (
    "Rank: the slowest first. Minutes: of the incidents whose time is known. All, spread: of the {} shown. Few: fewer "
    "than 5 are timed."
)
_BANDED = "Share: of the incidents of the type in the city whose time is known."


def _averages(name: str, title: str, place: Shown, places: str) -> Answer:
    columns = (place, Shown("slowest_rank", "Rank", "d"), *_COMPARED)
    note = _AVERAGES.format(places)
    return Answer(name=name, title=title, columns=columns, order=(place.column, "slowest_rank"), note=note)


ANSWERS = (
    Answer(
        name="cities",
        title="Incidents by city",
        columns=(_RANK, _CITY, _INCIDENTS, _SHARE),
        order=("-incidents", "city"),
        note="Share: of all incidents.",
    ),
    Answer(
        name="top_city_types",
        title="The most common types in the cities with most incidents",
        columns=(_CITY, _RANK, _TYPE, _INCIDENTS, _SHARE),
        order=("city_rank", "rank"),
        note="Share: of the city's incidents.",
    ),
    Answer(
        name="type_shares",
        title="Types by city, beside all the county",
        columns=(
            *(_CITY, _TYPE, _INCIDENTS, _SHARE, Shown("overall_pct", "Overall %", ".3f")),
            Shown("difference_pct_points", "Difference, points", "+.3f"),
        ),
        order=("-|difference_pct_points|", "city", "initial_type"),
        note="The greatest differences first. Share: of the city's incidents; overall: of all incidents.",
    ),
    Answer(
        name="streets",
        title="Incidents by street",
        columns=(_RANK, _STREET, _INCIDENTS, _SHARE, Shown("at_intersections", "At intersections", ",d")),
        order=("rank",),
        note="Incidents and share: at blocks. At intersections: counted for both streets.",
    ),
    Answer(
        name="top_street_types",
        title="The most common types on the streets with most incidents",
        columns=(_STREET, _RANK, _TYPE, _INCIDENTS, _SHARE),
        order=("street_rank", "rank"),
        note="Share: of the incidents at blocks of the street.",
    ),
    Answer(
        name="grid_cells",
        title="Where incidents are concentrated",
        columns=(_RANK, Shown("south", "South", ".2f"), Shown("west", "West", ".2f"), _INCIDENTS, _SHARE),
        order=("rank",),
        note="Cells of 0.01 degrees, 1.1 by 0.86 km, by their south-west corner. Share: of incidents with coordinates.",
    ),
    Answer(
        name="intersections",
        title="Incidents by intersection",
        columns=(_RANK, Shown("intersection", "Intersection"), _INCIDENTS, _SHARE),
        order=("rank",),
        note="Share: of the incidents at intersections.",
    ),
    Answer(
        name="at_intersections",
        title="Incidents at intersections",
        columns=(Shown("is_intersection", "At one"), _INCIDENTS, _SHARE),
        order=("-incidents",),
        note="Share: of all incidents, those without an address too.",
    ),
    Answer(
        name="type_dispositions",
        title="The most common types and dispositions of the cities with most incidents",
        columns=(_CITY, _RANK, _TYPE, _DISPOSITION, _INCIDENTS, _SHARE),
        order=("city_rank", "rank"),
        note="Share: of the city's incidents.",
    ),
    Answer(
        name="common_type_dispositions",
        title="Types and dispositions that all of these cities have",
        columns=(
            *(_RANK, _TYPE, _DISPOSITION, _INCIDENTS),
            *(Shown("least_share_pct", "Least %", ".3f"), Shown("most_share_pct", "Most %", ".3f", bar=True)),
        ),
        order=("rank",),
        note="Least, most: of the incidents of the city where it has the least share, and the most.",
    ),
    Answer(
        name="top_type_dispositions",
        title="Dispositions of the most common types, by city",
        columns=(_CITY, _TYPE, _DISPOSITION, _INCIDENTS, _SHARE),
        order=("city_rank", "type_rank", "-incidents", "disposition_desc"),
        note="Share: of the incidents of the type in the city.",
    ),
    Answer(
        name="missing_times",
        title="Missing times of arrival and clearing",
        columns=(
            *(Shown("dimension", "By"), Shown("value", "Which"), _INCIDENTS),
            *(Shown("arrival_missing", "No arrival", ",d"), Shown("arrival_missing_pct", "%", ".2f", bar=True)),
            *(Shown("clearing_missing", "No clearing", ",d"), Shown("clearing_missing_pct", "%", ".2f", bar=True)),
        ),
        order=("dimension", "-incidents", "value"),
        note="Share: of the incidents of the row.",
    ),
    Answer(
        name="arrival_bands",
        title="Minutes from dispatch to the first arrival",
        columns=_BANDS,
        order=("city", "initial_type", "band_number"),
        note=_BANDED,
    ),
    Answer(
        name="clearing_bands",
        title="Minutes from the first arrival until all have cleared",
        columns=_BANDS,
        order=("city", "initial_type", "band_number"),
        note=_BANDED,
    ),
    _averages("arrival_by_city", "Average minutes to arrive, by city, type and priority", _CITY, "cities"),
    Answer(
        name="slowest_cities",
        title="Where a type and priority is slowest, and whether few incidents carry that",
        columns=(
            *(_CITY, _TYPE, _PRIORITY, _TIMED, Shown("avg_minutes", "Minutes", ",.2f"), _FEW),
            *(Shown("others_timed", "Timed elsewhere", ",d"), Shown("others_minutes", "Minutes elsewhere", ",.2f")),
            Shown("more_minutes", "More", "+,.2f"),
        ),
        order=("-more_minutes", "city", "initial_type", "priority"),
        note="Minutes to arrive, of timed incidents; elsewhere: in the other top cities. Few: fewer than 5 are timed.",
    ),
    _averages("clearing_by_city", "Average minutes to clear, by city, type and priority", _CITY, "cities"),
    _averages("arrival_by_street", "Average minutes to arrive, by street, type and priority", _STREET, "streets"),
    _averages("clearing_by_street", "Average minutes to clear, by street, type and priority", _STREET, "streets"),
    Answer(
        name="quadrants",
        title="Slower or faster, with more or fewer incidents",
        columns=(
            *(Shown("quadrant", "Quadrant"), _CITY, _TYPE, _PRIORITY, _INCIDENTS),
            *(Shown("usual_incidents", "Usual incidents", ",.2f"), Shown("avg_minutes", "Minutes", ",.2f")),
            *(Shown("overall_minutes", "Usual minutes", ",.2f"), _FEW),
        ),
        order=("-quadrant", "-incidents", "city", "initial_type", "priority"),
        note="Usual: the average of the cities shown, and of all their timed incidents. Few: fewer than 5 are timed.",
    ),
    Answer(
        name="priority_shares",
        title="Types and priorities, by city",
        columns=(
            *(_CITY, _TYPE, Shown("type_incidents", "Of the type", ",d"), Shown("type_share_pct", "Type %", ".3f")),
            *(_PRIORITY, _INCIDENTS, Shown("priority_share_pct", "Priority %", ".3f", bar=True)),
        ),
        order=("initial_type", "priority", "-priority_share_pct", "city"),
        note="Type: of the city's incidents. Priority: of the type's incidents in the city.",
    ),
    Answer(
        name="hours",
        title="Incidents by weekday and hour",
        columns=(Shown("weekday", "Weekday", "d"), Shown("hour", "Hour", "d"), _INCIDENTS, _SHARE),
        order=("-incidents", "weekday", "hour"),
        note="Weekday: 1 is Monday. Share: of all incidents.",
    ),
)
