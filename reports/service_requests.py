"""Display settings of the answers about service requests."""

from __future__ import annotations

from reports.answer import Answer, DisplayColumn

_CITY = DisplayColumn("city", "City")
_GROUP = (_CITY, DisplayColumn("group_kind", "Group"), DisplayColumn("group_name", "Name"))
_AREA = (_CITY, DisplayColumn("area_kind", "Area type"), DisplayColumn("area", "Area"))
_TYPE, _RANK = DisplayColumn("request_type", "Type"), DisplayColumn("rank", "Rank", "d")
_REQUESTS = DisplayColumn("requests", "Requests", ",d")
_SHARE = DisplayColumn("share_pct", "Share %", ".3f", bar=True)
_MONTH = DisplayColumn("month", "Month", "%Y-%m")
# The rows about whole cities come before the rows about groups.
_BY_KIND = ("group_kind <> 'all'", "city", "group_kind")
_BY_GROUP = (*_BY_KIND, "group_name")
_ON_MONTH = (
    DisplayColumn("change_on_month", "Change on month", "+,d"),
    DisplayColumn("change_on_month_pct", "Change on month %", "+.2f"),
)

ANSWERS = (
    Answer(
        name="monthly_volume",
        title="Requests by month, agency, channel and area",
        headline="{city}: {requests:,d} requests in {month:%Y-%m} ({change_on_month_pct:+.2f} % in one month)",
        columns=(
            *(_CITY, _MONTH, *_GROUP[1:], _REQUESTS),
            *(
                DisplayColumn("change_on_month_pct", "Change on month %", "+.2f"),
                DisplayColumn("change_on_year_pct", "Change on year %", "+.2f"),
            ),
        ),
        order=("city", "-month", "-requests", "group_kind", "group_name"),
        note="A change compares the month with the month before, or with the same month one year before. Months use "
        "local time.",
    ),
    Answer(
        name="volume_by_area",
        title="Requests by area",
        columns=(*_AREA, _REQUESTS, _SHARE),
        order=("city", "area_kind", "-requests", "area"),
        note="For each area type, 100 % is all requests of the city. A dash stands for an unknown area.",
    ),
    Answer(
        name="volume_by_channel",
        title="Requests by channel",
        columns=(_CITY, DisplayColumn("channel", "Channel"), _REQUESTS, _SHARE),
        order=("city", "-requests", "channel"),
        note="100 % is all requests of the city.",
    ),
    Answer(
        name="first_call_resolution",
        title="First-call resolution by agency, channel and area",
        columns=(
            *(
                *_GROUP,
                DisplayColumn("requests", "Requests", ",d"),
                DisplayColumn("on_first_call", "Resolved on first call", ",d"),
            ),
            DisplayColumn("on_first_call_pct", "Resolved %", ".2f", bar=True),
        ),
        order=(*_BY_KIND, "-requests", "group_name"),
        note="100 % is all requests of the group with a known first-call resolution.",
    ),
    Answer(
        name="resolution",
        title="Resolved and unresolved requests by group",
        columns=(
            *(*_GROUP, _REQUESTS, DisplayColumn("resolved", "Resolved", ",d")),
            *(
                DisplayColumn("closed_otherwise", "Closed otherwise", ",d"),
                DisplayColumn("unresolved", "Unresolved", ",d"),
            ),
            DisplayColumn("status_not_known", "Unknown", ",d"),
            *(
                DisplayColumn("resolved_pct", "Resolved %", ".2f", bar=True),
                DisplayColumn("unresolved_pct", "Unresolved %", ".2f"),
            ),
        ),
        order=(*_BY_KIND, "-requests", "group_name"),
        note="100 % is all requests with a known status. Closed otherwise means that a request was "
        "transferred or was not valid.",
    ),
    Answer(
        name="top_types_by_area",
        title="Five most common types of each area",
        columns=(*_AREA, _RANK, _TYPE, _REQUESTS, _SHARE),
        order=("city", "area_kind", "area", "rank"),
        note="100 % is all requests of the area with a known type.",
    ),
    Answer(
        name="top_type_months",
        title="Five most common types of each area, by month",
        columns=(*_AREA, _RANK, _TYPE, _MONTH, _REQUESTS, *_ON_MONTH),
        order=("city", "area_kind", "area", "rank", "month"),
    ),
    Answer(
        name="busiest_agencies",
        title="Ten busiest agencies by channel and area",
        columns=(*_GROUP, _RANK, DisplayColumn("agency", "Agency"), _REQUESTS, _SHARE),
        order=(*_BY_GROUP, "rank"),
        note="100 % is all requests of the group with a known agency.",
    ),
    Answer(
        name="most_common_types",
        title="Ten most common types by group",
        columns=(*_GROUP, _RANK, _TYPE, _REQUESTS, _SHARE),
        order=(*_BY_GROUP, "rank"),
        note="100 % is all requests of the group with a known type.",
    ),
    Answer(
        name="top_unresolved",
        title="Ten types with the most unresolved requests, by group",
        columns=(*_GROUP, _RANK, _TYPE, DisplayColumn("requests", "Unresolved", ",d"), _SHARE),
        order=(*_BY_GROUP, "rank"),
        note="100 % is all unresolved requests of the group with a known type.",
    ),
    Answer(
        name="by_hour_and_weekday",
        title="Requests by weekday and hour",
        columns=(*_GROUP, DisplayColumn("weekday", "Weekday", "d"), DisplayColumn("hour", "Hour", "d"), _REQUESTS),
        order=(*_BY_GROUP, "weekday", "hour"),
        note="Weekday 1 is Monday. Hours use local time.",
    ),
    Answer(
        name="time_to_close",
        title="Hours until requests closed, by agency and type",
        columns=(
            *(
                _CITY,
                DisplayColumn("group_kind", "Group"),
                DisplayColumn("agency", "Agency"),
                _TYPE,
                DisplayColumn("requests", "Closed", ",d"),
            ),
            *(
                DisplayColumn("median_hours", "Median hours", ",.2f"),
                DisplayColumn("p90_hours", "90th percentile, hours", ",.2f"),
            ),
        ),
        order=("city", "group_kind", "-requests", "agency", "request_type"),
        note="Only closed requests are counted. A request that closed before it was created is not counted.",
    ),
    Answer(
        name="traffic_by_area",
        title="Traffic and accident requests by area and type",
        columns=(*_AREA, DisplayColumn("traffic_kind", "Topic"), _TYPE, _REQUESTS),
        order=("city", "area_kind", "area", "traffic_kind", "-requests", "request_type"),
    ),
)
