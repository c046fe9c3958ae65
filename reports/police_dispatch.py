"""Display settings of the answers about dispatched incidents."""

from __future__ import annotations

from reports.answer import Answer, DisplayColumn

_RANK = DisplayColumn("rank", "Rank", "d")
_CITY, _STREET, _TYPE = (
    DisplayColumn("city", "City"),
    DisplayColumn("street", "Street"),
    DisplayColumn("initial_type", "Type"),
)
_PRIORITY, _DISPOSITION = DisplayColumn("priority", "Priority", "d"), DisplayColumn("disposition_desc", "Disposition")
_INCIDENTS, _SHARE = (
    DisplayColumn("incidents", "Incidents", ",d"),
    DisplayColumn("share_pct", "Share %", ".3f", bar=True),
)
_TIMED, _FEW = DisplayColumn("timed", "Timed", ",d"), DisplayColumn("few_incidents", "Few timed")
_BANDS = (_CITY, _TYPE, DisplayColumn("band", "Minutes"), _INCIDENTS, _SHARE)
_COMPARISON = (
    *(_TYPE, _PRIORITY, _INCIDENTS, _TIMED, DisplayColumn("avg_minutes", "Minutes", ",.2f"), _FEW),
    *(
        DisplayColumn("overall_minutes", "Average", ",.2f"),
        DisplayColumn("fastest", "Fastest"),
        DisplayColumn("slowest", "Slowest"),
    ),
    DisplayColumn("spread_minutes", "Spread", ",.2f"),
)
_AVERAGES = (
    "Rank 1 is the slowest. Timed incidents have known times. Average and spread are computed from the {} in this "
    "table. Few timed means fewer than 5 timed incidents."
)
_BANDED = "100 % is all incidents of the type in the city that have known times."


def _averages(name: str, title: str, place_column: DisplayColumn, places: str) -> Answer:
    columns = (place_column, DisplayColumn("slowest_rank", "Rank", "d"), *_COMPARISON)
    note = _AVERAGES.format(places)
    return Answer(name=name, title=title, columns=columns, order=(place_column.column, "slowest_rank"), note=note)


ANSWERS = (
    Answer(
        name="cities",
        title="Incidents by city",
        headline="{city} has the most incidents: {incidents:,d} ({share_pct:.2f} % of all)",
        columns=(_RANK, _CITY, _INCIDENTS, _SHARE),
        order=("-incidents", "city"),
        note="100 % is all incidents.",
    ),
    Answer(
        name="top_city_types",
        title="Most common types in the busiest cities",
        columns=(_CITY, _RANK, _TYPE, _INCIDENTS, _SHARE),
        order=("city_rank", "rank"),
        note="100 % is all incidents of the city.",
    ),
    Answer(
        name="type_shares",
        title="Share of types by city, compared with the county",
        columns=(
            *(_CITY, _TYPE, _INCIDENTS, _SHARE, DisplayColumn("overall_pct", "County %", ".3f")),
            DisplayColumn("difference_pct_points", "Difference, points", "+.3f"),
        ),
        order=("-|difference_pct_points|", "city", "initial_type"),
        note="The greatest difference comes first. For Share %, 100 % is all incidents of the city. For County %, "
        "100 % is all incidents.",
    ),
    Answer(
        name="streets",
        title="Incidents by street",
        columns=(_RANK, _STREET, _INCIDENTS, _SHARE, DisplayColumn("at_intersections", "At intersections", ",d")),
        order=("rank",),
        note="Incidents and Share % include only incidents at blocks. The column At intersections includes an incident "
        "once for each street of the intersection.",
    ),
    Answer(
        name="top_street_types",
        title="Most common types on the busiest streets",
        columns=(_STREET, _RANK, _TYPE, _INCIDENTS, _SHARE),
        order=("street_rank", "rank"),
        note="100 % is all incidents at blocks of the street.",
    ),
    Answer(
        name="grid_cells",
        title="Areas with the most incidents",
        columns=(
            _RANK,
            DisplayColumn("south", "South", ".2f"),
            DisplayColumn("west", "West", ".2f"),
            _INCIDENTS,
            _SHARE,
        ),
        order=("rank",),
        note="Each row is a grid cell of 0.01 degrees (1.1 by 0.86 km). 100 % is all incidents with coordinates.",
    ),
    Answer(
        name="intersections",
        title="Incidents by intersection",
        columns=(_RANK, DisplayColumn("intersection", "Intersection"), _INCIDENTS, _SHARE),
        order=("rank",),
        note="100 % is all incidents at intersections.",
    ),
    Answer(
        name="at_intersections",
        title="Incidents at intersections and elsewhere",
        columns=(DisplayColumn("is_intersection", "At intersection"), _INCIDENTS, _SHARE),
        order=("-incidents",),
        note="100 % is all incidents, including incidents without an address.",
    ),
    Answer(
        name="type_dispositions",
        title="Most common pairs of type and disposition, by city",
        columns=(_CITY, _RANK, _TYPE, _DISPOSITION, _INCIDENTS, _SHARE),
        order=("city_rank", "rank"),
        note="100 % is all incidents of the city.",
    ),
    Answer(
        name="common_type_dispositions",
        title="Types and dispositions in all of the busiest cities",
        columns=(
            *(_RANK, _TYPE, _DISPOSITION, _INCIDENTS),
            *(
                DisplayColumn("min_share_pct", "Minimum %", ".3f"),
                DisplayColumn("max_share_pct", "Maximum %", ".3f", bar=True),
            ),
        ),
        order=("rank",),
        note="Minimum and maximum are the lowest and the highest share in a city. 100 % is all incidents of a city.",
    ),
    Answer(
        name="top_type_dispositions",
        title="Dispositions of the most common types, by city",
        columns=(_CITY, _TYPE, _DISPOSITION, _INCIDENTS, _SHARE),
        order=("city_rank", "type_rank", "-incidents", "disposition_desc"),
        note="100 % is all incidents of the type in the city.",
    ),
    Answer(
        name="street_type_dispositions",
        title="Most common pairs of type and disposition, by street of the largest city",
        columns=(_CITY, _STREET, _RANK, _TYPE, _DISPOSITION, _INCIDENTS, _SHARE),
        order=("street_rank", "rank"),
        note="100 % is all incidents at blocks of the street in the city.",
    ),
    Answer(
        name="missing_times",
        title="Missing times of arrival and clearing",
        columns=(
            *(DisplayColumn("dimension", "Group"), DisplayColumn("value", "Value"), _INCIDENTS),
            *(
                DisplayColumn("arrival_missing", "No arrival", ",d"),
                DisplayColumn("arrival_missing_pct", "No arrival %", ".2f", bar=True),
            ),
            *(
                DisplayColumn("clearing_missing", "No clearing", ",d"),
                DisplayColumn("clearing_missing_pct", "No clearing %", ".2f", bar=True),
            ),
        ),
        order=("dimension", "-incidents", "value"),
        note="For each row, 100 % is the number of incidents in the row.",
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
        title="Minutes from first arrival until all units cleared",
        columns=_BANDS,
        order=("city", "initial_type", "band_number"),
        note=_BANDED,
    ),
    _averages("arrival_by_city", "Minutes to arrive by city, type and priority", _CITY, "cities"),
    Answer(
        name="slowest_cities",
        title="Slowest city for each pair of type and priority",
        columns=(
            *(_CITY, _TYPE, _PRIORITY, _TIMED, DisplayColumn("avg_minutes", "Minutes", ",.2f"), _FEW),
            *(
                DisplayColumn("others_timed", "Timed elsewhere", ",d"),
                DisplayColumn("others_minutes", "Minutes elsewhere", ",.2f"),
            ),
            DisplayColumn("more_minutes", "Difference, minutes", "+,.2f"),
        ),
        order=("-more_minutes", "city", "initial_type", "priority"),
        note="Minutes are average minutes to arrive. Elsewhere means the other busiest cities. Few timed means fewer "
        "than 5 timed incidents.",
    ),
    _averages("clearing_by_city", "Minutes to clear by city, type and priority", _CITY, "cities"),
    _averages("arrival_by_street", "Minutes to arrive by street, type and priority", _STREET, "streets"),
    _averages("clearing_by_street", "Minutes to clear by street, type and priority", _STREET, "streets"),
    Answer(
        name="quadrants",
        title="Response time compared with number of incidents",
        columns=(
            *(DisplayColumn("quadrant", "Quadrant"), _CITY, _TYPE, _PRIORITY, _INCIDENTS),
            *(
                DisplayColumn("usual_incidents", "Usual incidents", ",.2f"),
                DisplayColumn("avg_minutes", "Minutes", ",.2f"),
            ),
            *(DisplayColumn("overall_minutes", "Usual minutes", ",.2f"), _FEW),
        ),
        order=("-quadrant", "-incidents", "city", "initial_type", "priority"),
        note="Usual values are averages over the cities in this table. Few timed means fewer than 5 timed incidents.",
    ),
    Answer(
        name="priority_shares",
        title="Types and priorities by city",
        columns=(
            *(
                _CITY,
                _TYPE,
                DisplayColumn("type_incidents", "Type incidents", ",d"),
                DisplayColumn("type_share_pct", "Type %", ".3f"),
            ),
            *(_PRIORITY, _INCIDENTS, DisplayColumn("priority_share_pct", "Priority %", ".3f", bar=True)),
        ),
        order=("initial_type", "priority", "-priority_share_pct", "city"),
        note="For Type %, 100 % is all incidents of the city. For Priority %, 100 % is all incidents of the type in "
        "the city.",
    ),
    Answer(
        name="hours",
        title="Incidents by weekday and hour",
        columns=(DisplayColumn("weekday", "Weekday", "d"), DisplayColumn("hour", "Hour", "d"), _INCIDENTS, _SHARE),
        order=("-incidents", "weekday", "hour"),
        note="Weekday 1 is Monday. 100 % is all incidents.",
    ),
)
