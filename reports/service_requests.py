"""The report about service requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.answer import Answer, Report, Rows, Source
from reports.charts import Chart
from reports.words import WEEKDAYS, month_and_year, name_of, percent

_GROUP, _AREA = ("city", "group_kind", "group_name"), ("city", "area_kind", "area")
# The rows about whole cities come before the rows about groups.
_BY_KIND = ("group_kind <> 'all'", "city", "group_kind")
_BY_GROUP = (*_BY_KIND, "group_name")
_ALL, _NEIGHBORHOODS = "group_kind = 'all'", "area_kind = 'neighborhood'"
_NO_GRID_CELLS = "area_kind <> 'grid_cell'"
_BY_CITY = ("city",)
_MONTHS = Chart(
    kind="line", category=("month",), values=("requests",), panel=_BY_CITY, where=_ALL, axis="Requests per month"
)


def _greatest_area(rows: Rows) -> Mapping[str, Any]:
    return max(rows, key=lambda row: (row["area_kind"] != "grid_cell", row["requests"]))


def _place(row: object) -> str:
    return f"{row['area_kind'].replace('_', ' ')} {name_of(row['area'])} ({row['city'].title()})"  # type: ignore[index]


def _monthly(rows: Rows) -> str:
    month = rows[0]
    change = percent(
        month["change_on_year_pct"], since=month_and_year(month["month"].replace(year=month["month"].year - 1))
    )
    return f"{month['city'].title()} had {month['requests']:,} requests in {month_and_year(month['month'])}{change}."


def _areas(rows: Rows) -> str:
    known = [row for row in rows if row["area_kind"] != "grid_cell" and row["area"] is not None]
    if not known:
        return "The area of all requests is unknown."
    kinds = [row["area_kind"] for row in known]
    kind = "neighborhood" if "neighborhood" in kinds else kinds[0]
    top = max((row for row in known if row["area_kind"] == kind), key=lambda row: row["requests"])
    share = f"{top['requests']:,}, or {top['share_pct']:.2f} % of the city's requests"
    return f"Most requests come from {_place(top)}: {share}."


def _channels(rows: Rows) -> str:
    top = next((row for row in rows if row["channel"] is not None), None)
    if top is None:
        return "The channel of all requests is unknown."
    return f"Most requests in {top['city'].title()} come by {top['channel']}: {top['share_pct']:.2f} %."


def _first_call(rows: Rows) -> str:
    city = rows[0]
    if city["on_first_call_pct"] is None:
        return f"{city['city'].title()} does not publish whether the first call resolved a request."
    return f"{city['on_first_call_pct']:.2f} % of requests in {city['city'].title()} are resolved on the first call."


def _resolution(rows: Rows) -> str:
    city = rows[0]
    if city["resolved_pct"] is None or city["unresolved_pct"] is None:
        return f"The status of all requests in {city['city'].title()} is unknown."
    return (
        f"{city['resolved_pct']:.2f} % of requests in {city['city'].title()} are resolved, "
        f"and {city['unresolved_pct']:.2f} % are unresolved."
    )


def _top_types(rows: Rows) -> str:
    top = _greatest_area(rows)
    return f"The most common type in {_place(top)} is {top['request_type']}, with {top['requests']:,} requests."


def _type_months(rows: Rows) -> str:
    top = _greatest_area(rows)
    return (
        f"{top['request_type']} in {_place(top)} had the busiest month: {top['requests']:,} requests in "
        f"{month_and_year(top['month'])}."
    )


def _agencies(rows: Rows) -> str:
    top = rows[0]
    share = f"{top['share_pct']:.2f} % of the requests"
    return f"The busiest agency in {top['city'].title()} is {top['agency']}, with {share}."


def _types(rows: Rows) -> str:
    top = rows[0]
    share = f"{top['share_pct']:.2f} % of the requests"
    return f"The most common type in {top['city'].title()} is {top['request_type']}: {share}."


def _unresolved(rows: Rows) -> str:
    top = rows[0]
    return (
        f"{top['request_type']} has the most unresolved requests in {top['city'].title()}: {top['requests']:,}, or "
        f"{top['share_pct']:.2f} % of all that are unresolved."
    )


def _hours(rows: Rows) -> str:
    top = max((row for row in rows if row["group_kind"] == "all"), key=lambda row: row["requests"])
    return f"The busiest hour begins on {WEEKDAYS[top['weekday'] - 1]} at {top['hour']}:00, in {top['city'].title()}."


def _time_to_close(rows: Rows) -> str:
    city = next(row for row in rows if row["group_kind"] == "all")
    return (
        f"Half of the requests in {city['city'].title()} close within {city['median_hours']:,.1f} hours, and 90 % "
        f"within {city['p90_hours']:,.1f} hours."
    )


def _traffic(rows: Rows) -> str:
    totals: dict[str, int] = {}
    for row in rows:
        if row["area_kind"] == rows[0]["area_kind"]:
            totals[row["traffic_kind"]] = totals.get(row["traffic_kind"], 0) + row["requests"]
    parts = " and ".join(f"{count:,} about {kind}" for kind, count in sorted(totals.items()))
    return f"There are {parts} ({rows[0]['area_kind'].replace('_', ' ')}s)."


ANSWERS = (
    Answer(
        name="monthly_volume",
        question="How does the number of cases change by month?",
        sentence=_monthly,
        columns=(
            *("city", "month", "group_kind", "group_name", "requests"),
            *("change_on_month_pct", "change_on_year_pct"),
        ),
        charts=(_MONTHS,),
        order=("city", "-month", "-requests", "group_kind", "group_name"),
        note="A change compares the month with the month before, or with the same month one year before. Months use "
        "local time.",
    ),
    Answer(
        name="volume_by_area",
        question="How are cases distributed by area?",
        sentence=_areas,
        columns=(*_AREA, "requests", "share_pct"),
        charts=(
            Chart(
                kind="map",
                category=("area",),
                values=("requests",),
                panel=_BY_CITY,
                where="area_kind = 'grid_cell' AND area IS NOT NULL",
                places=f"{_NEIGHBORHOODS} AND area IS NOT NULL",
                coordinates=("latitude", "longitude"),
                axis="Requests in a grid cell of 0.01 degrees",
            ),
            Chart(
                kind="bars",
                category=("area",),
                values=("requests",),
                panel=("city", "area_kind"),
                where=_NO_GRID_CELLS,
                axis="Requests",
            ),
        ),
        order=("city", "area_kind", "-requests", "area"),
        note="For each area type, 100 % is all requests of the city. A dash stands for an unknown area.",
    ),
    Answer(
        name="volume_by_channel",
        question="Through which source do most requests come?",
        sentence=_channels,
        columns=("city", "channel", "requests", "share_pct"),
        charts=(
            Chart(
                kind="bars",
                category=("channel",),
                values=("share_pct",),
                panel=_BY_CITY,
                axis="Share of the city's requests, %",
            ),
        ),
        order=("city", "-requests", "channel"),
        note="100 % is all requests of the city.",
    ),
    Answer(
        name="first_call_resolution",
        question="Are cases resolved on the first call?",
        sentence=_first_call,
        columns=(*_GROUP, "requests", "on_first_call", "on_first_call_pct"),
        charts=(
            Chart(
                kind="bars",
                category=("group_name",),
                values=("on_first_call_pct",),
                panel=("city", "group_kind"),
                where="group_kind IN ('all', 'agency', 'channel')",
                weight="requests",
                axis="Resolved on the first call, % of requests with a known result",
            ),
        ),
        order=(*_BY_KIND, "-requests", "group_name"),
        note="100 % is all requests of the group with a known first-call resolution.",
    ),
    Answer(
        name="resolution",
        question="How many cases are resolved?",
        sentence=_resolution,
        columns=(
            *(*_GROUP, "requests", "resolved", "closed_otherwise", "unresolved", "status_not_known"),
            *("resolved_pct", "unresolved_pct"),
        ),
        charts=(
            Chart(
                kind="stack",
                category=("group_name",),
                values=("resolved", "closed_otherwise", "unresolved", "status_not_known"),
                panel=("city", "group_kind"),
                where="group_kind IN ('all', 'channel')",
                axis="Share of all requests, %",
            ),
        ),
        order=(*_BY_KIND, "-requests", "group_name"),
        note="100 % is all requests with a known status. Closed otherwise means that a request was "
        "transferred or was not valid.",
    ),
    Answer(
        name="top_types_by_area",
        question="What are the five most common types of each area?",
        sentence=_top_types,
        columns=(*_AREA, "rank", "request_type", "requests", "share_pct"),
        charts=(
            Chart(
                kind="bars",
                category=("request_type",),
                values=("requests",),
                panel=("area_kind", "area"),
                where=_NO_GRID_CELLS,
                max_categories=5,
                axis="Requests",
                note="The chart shows the areas with the most requests.",
            ),
        ),
        order=("city", "area_kind", "area", "rank"),
        note="100 % is all requests of the area with a known type.",
    ),
    Answer(
        name="top_type_months",
        question="How do the most common types change by month?",
        sentence=_type_months,
        columns=(*_AREA, "rank", "request_type", "month", "requests", "change_on_month", "change_on_month_pct"),
        charts=(
            Chart(
                kind="line",
                category=("month",),
                values=("requests",),
                panel=("area_kind", "area", "request_type"),
                where=_NO_GRID_CELLS,
                axis="Requests per month",
                note="The chart shows the pairs of area and type with the most requests.",
            ),
        ),
        order=("city", "area_kind", "area", "rank", "month"),
    ),
    Answer(
        name="busiest_agencies",
        question="Which ten agencies are the busiest?",
        sentence=_agencies,
        columns=(*_GROUP, "rank", "agency", "requests", "share_pct"),
        charts=(
            Chart(
                kind="bars",
                category=("agency",),
                values=("requests",),
                panel=_BY_CITY,
                where=_ALL,
                axis="Requests",
            ),
        ),
        order=(*_BY_GROUP, "rank"),
        note="100 % is all requests of the group with a known agency.",
    ),
    Answer(
        name="most_common_types",
        question="What are the ten most common types?",
        sentence=_types,
        columns=(*_GROUP, "rank", "request_type", "requests", "share_pct"),
        charts=(
            Chart(
                kind="bars",
                category=("request_type",),
                values=("requests",),
                panel=_BY_CITY,
                where=_ALL,
                axis="Requests",
            ),
        ),
        order=(*_BY_GROUP, "rank"),
        note="100 % is all requests of the group with a known type.",
    ),
    Answer(
        name="top_unresolved",
        question="Which types have the most unresolved requests?",
        sentence=_unresolved,
        columns=(*_GROUP, "rank", "request_type", "requests", "share_pct"),
        charts=(
            Chart(
                kind="bars",
                category=("request_type",),
                values=("requests",),
                panel=_BY_CITY,
                where=_ALL,
                axis="Unresolved requests",
            ),
        ),
        order=(*_BY_GROUP, "rank"),
        note="Only unresolved requests are counted. 100 % is all unresolved requests of the group with a known type.",
    ),
    Answer(
        name="by_hour_and_weekday",
        question="When do requests arrive?",
        sentence=_hours,
        columns=(*_GROUP, "weekday", "hour", "requests"),
        charts=(
            Chart(
                kind="heatmap",
                category=("hour",),
                series="weekday",
                values=("requests",),
                panel=_BY_CITY,
                where=_ALL,
                axis="Requests",
            ),
        ),
        order=(*_BY_GROUP, "weekday", "hour"),
        note="Weekday 1 is Monday. Hours use local time.",
    ),
    Answer(
        name="time_to_close",
        question="How long does it take to close requests?",
        sentence=_time_to_close,
        columns=("city", "group_kind", "agency", "request_type", "requests", "median_hours", "p90_hours"),
        charts=(
            Chart(
                kind="dots",
                category=("agency", "request_type"),
                values=("median_hours", "p90_hours"),
                panel=_BY_CITY,
                where="group_kind = 'agency and request_type' AND agency IS NOT NULL AND request_type IS NOT NULL",
                weight="requests",
                axis="Hours until the request closed",
            ),
        ),
        order=("city", "group_kind", "-requests", "agency", "request_type"),
        note="Only closed requests are counted. A request that closed before it was created is not counted.",
    ),
    Answer(
        name="traffic_by_area",
        question="Where are traffic and accidents reported?",
        sentence=_traffic,
        columns=(*_AREA, "traffic_kind", "request_type", "requests"),
        charts=(
            Chart(
                kind="bars",
                category=("area",),
                values=("requests",),
                panel=("city", "traffic_kind"),
                where=_NEIGHBORHOODS,
                axis="Requests",
            ),
        ),
        order=("city", "area_kind", "area", "traffic_kind", "-requests", "request_type"),
    ),
)

REPORT = Report(
    title="Service requests",
    sources=(
        Source(
            "City and County of Denver, 311 service data",
            "https://opendata-geospatialdenver.hub.arcgis.com/",
            "Creative Commons Attribution 3.0",
        ),
        Source(
            "City of Vancouver, 3-1-1 service requests",
            "https://opendata.vancouver.ca/explore/dataset/3-1-1-service-requests/",
            "Open Government Licence - Vancouver",
        ),
    ),
    answers=ANSWERS,
    headers={
        "area_kind": "Area type",
        "on_first_call": "Resolved on first call",
        "on_first_call_pct": "Resolved %",
        "status_not_known": "Unknown",
        "p90_hours": "90th percentile, hours",
        "median_hours": "Median, hours",
        "traffic_kind": "Topic",
    },
    sparkline="monthly_volume",
)
