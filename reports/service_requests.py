"""How the answers about service requests are shown. Each says what its shares are of."""

from __future__ import annotations

from reports.answer import Answer, Shown

_CITY = Shown("city", "City")
_GROUP = (_CITY, Shown("group_kind", "Of"), Shown("group_name", "Name"))
_AREA = (_CITY, Shown("area_kind", "Kind of area"), Shown("area", "Area"))
_TYPE, _RANK = Shown("request_type", "Type"), Shown("rank", "Rank", "d")
_REQUESTS = Shown("requests", "Requests", ",d")
_SHARE = Shown("share_pct", "Share %", ".3f", bar=True)
_MONTH = Shown("month", "Month", "%Y-%m")
_BY_KIND = ("group_kind <> 'all'", "city", "group_kind")  # what is of the whole city first
_BY_GROUP = (*_BY_KIND, "group_name")
_ON_MONTH = (Shown("change_on_month", "On month", "+,d"), Shown("change_on_month_pct", "%", "+.2f"))

ANSWERS = (
    Answer(
        name="monthly_volume",
        title="Requests by month: of the city, by agency, channel and area",
        columns=(
            *(_CITY, _MONTH, *_GROUP[1:], _REQUESTS),
            *(Shown("change_on_month_pct", "On month %", "+.2f"), Shown("change_on_year_pct", "On year %", "+.2f")),
        ),
        order=("city", "-month", "-requests", "group_kind", "group_name"),
        note="Changes: against the month before, and the same month of the year before. Months by the city's clocks.",
    ),
    Answer(
        name="volume_by_area",
        title="Requests by area",
        columns=(*_AREA, _REQUESTS, _SHARE),
        order=("city", "area_kind", "-requests", "area"),
        note="Share: of the city's requests, for each kind of area. Without a name: those whose area is not known.",
    ),
    Answer(
        name="volume_by_channel",
        title="Requests by the channel that they came by",
        columns=(_CITY, Shown("channel", "Channel"), _REQUESTS, _SHARE),
        order=("city", "-requests", "channel"),
        note="Share: of the city's requests.",
    ),
    Answer(
        name="first_call_resolution",
        title="Resolved on the first call: of the city, by agency, channel and area",
        columns=(
            *(*_GROUP, Shown("requests", "Say so", ",d"), Shown("on_first_call", "On first call", ",d")),
            Shown("on_first_call_pct", "%", ".2f", bar=True),
        ),
        order=(*_BY_KIND, "-requests", "group_name"),
        note="Share: of the requests that say yes or no.",
    ),
    Answer(
        name="resolution",
        title="Resolved against unresolved: of the city, by agency, channel and area",
        columns=(
            *(*_GROUP, _REQUESTS, Shown("resolved", "Resolved", ",d")),
            *(Shown("closed_otherwise", "Closed otherwise", ",d"), Shown("unresolved", "Unresolved", ",d")),
            Shown("status_not_known", "Not known", ",d"),
            *(Shown("resolved_pct", "Resolved %", ".2f", bar=True), Shown("unresolved_pct", "Unresolved %", ".2f")),
        ),
        order=(*_BY_KIND, "-requests", "group_name"),
        note="Shares: of the requests whose status is known. Closed otherwise: transferred, or no request after all.",
    ),
    Answer(
        name="top_types_by_area",
        title="The five most common types of each area",
        columns=(*_AREA, _RANK, _TYPE, _REQUESTS, _SHARE),
        order=("city", "area_kind", "area", "rank"),
        note="Share: of the area's requests whose type is known.",
    ),
    Answer(
        name="top_type_months",
        title="The five most common types of each area, by month",
        columns=(*_AREA, _RANK, _TYPE, _MONTH, _REQUESTS, *_ON_MONTH),
        order=("city", "area_kind", "area", "rank", "month"),
    ),
    Answer(
        name="busiest_agencies",
        title="The ten busiest agencies: of the city, by channel and area",
        columns=(*_GROUP, _RANK, Shown("agency", "Agency"), _REQUESTS, _SHARE),
        order=(*_BY_GROUP, "rank"),
        note="Share: of the group's requests whose agency is said.",
    ),
    Answer(
        name="most_common_types",
        title="The ten most common types of requests: of the city, by agency, channel and area",
        columns=(*_GROUP, _RANK, _TYPE, _REQUESTS, _SHARE),
        order=(*_BY_GROUP, "rank"),
        note="Share: of the group's requests whose type is known.",
    ),
    Answer(
        name="top_unresolved",
        title="The ten types of which most requests are unresolved: of the city, by agency, channel and area",
        columns=(*_GROUP, _RANK, _TYPE, Shown("requests", "Unresolved", ",d"), _SHARE),
        order=(*_BY_GROUP, "rank"),
        note="Share: of the group's unresolved requests whose type is known.",
    ),
    Answer(
        name="by_hour_and_weekday",
        title="When requests are made: of the city, by agency, channel and area",
        columns=(*_GROUP, Shown("weekday", "Weekday", "d"), Shown("hour", "Hour", "d"), _REQUESTS),
        order=(*_BY_GROUP, "weekday", "hour"),
        note="Weekday 1 is Monday; hours by the city's clocks.",
    ),
    Answer(
        name="time_to_close",
        title="Hours until requests are closed, by agency and type",
        columns=(
            *(_CITY, Shown("by", "By"), Shown("agency", "Agency"), _TYPE, Shown("requests", "Closed", ",d")),
            *(Shown("median_hours", "Half within, hours", ",.2f"), Shown("p90_hours", "9 of 10 within", ",.2f")),
        ),
        order=("city", "by", "-requests", "agency", "request_type"),
        note="Of the requests that are closed, and not before they were made; the others are not counted as 0.",
    ),
    Answer(
        name="traffic_by_area",
        title="Requests about traffic and accidents, by area and type",
        columns=(*_AREA, Shown("traffic_kind", "About"), _TYPE, _REQUESTS),
        order=("city", "area_kind", "area", "traffic_kind", "-requests", "request_type"),
    ),
)
