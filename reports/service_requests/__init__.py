"""The report about service requests."""

from __future__ import annotations

from reports.answer import Answer, Report, Source
from reports.charts import chart
from reports.columns import Column
from reports.service_requests import sentences

_GROUP = ("city", "group_kind", "group_name")
# The rows about whole cities come before the rows about groups.
_BY_KIND = ("group_kind <> 'all'", "city", "group_kind")
_BY_GROUP = (*_BY_KIND, "group_name")
_ALL = "group_kind = 'all'"
_NO_GRID_CELLS = "group_kind <> 'grid_cell'"
_KNOWN_AREAS = f"{_NO_GRID_CELLS} AND group_name IS NOT NULL"
_AREAS_ONLY = "The bars leave out grid cells and requests without an area."
_BY_CITY = ("city",)
_MONTHS = chart("line", "month", "requests", "Requests per month", panel=_BY_CITY, where=_ALL)


ANSWERS = (
    Answer(
        name="monthly_volume",
        question="How does the number of cases change by month?",
        sentence=sentences.monthly,
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
        sentence=sentences.areas,
        columns=(*_GROUP, "requests", "share_pct"),
        charts=(
            chart(
                "map",
                "group_name",
                "requests",
                "Requests in a grid cell of 0.01 degrees",
                panel=_BY_CITY,
                where="group_kind = 'grid_cell' AND group_name IS NOT NULL",
                places="group_kind IN ('neighborhood', 'zip') AND group_name IS NOT NULL",
                coordinates=("latitude", "longitude"),
                note="Each name is at the average position of the requests in this neighborhood or ZIP code.",
            ),
            chart(
                "bars",
                "group_name",
                "requests",
                "Requests",
                panel="city group_kind",
                where=_KNOWN_AREAS,
                note=_AREAS_ONLY,
            ),
        ),
        order=("city", "group_kind", "-requests", "group_name"),
        note="For each area type, 100 % is all requests of the city. In the table, a dash stands for an unknown area.",
    ),
    Answer(
        name="volume_by_channel",
        question="Through which source do most requests come?",
        sentence=sentences.channels,
        columns=("city", "channel", "requests", "share_pct"),
        charts=(chart("bars", "channel", "share_pct", "Share of the city's requests, %", panel=_BY_CITY),),
        order=("city", "-requests", "channel"),
        note="100 % is all requests of the city.",
    ),
    Answer(
        name="first_call_resolution",
        question="Are cases resolved on the first call?",
        sentence=sentences.first_call,
        columns=(*_GROUP, "requests", "on_first_call", "on_first_call_pct"),
        charts=(
            chart(
                "bars",
                "group_name",
                "on_first_call_pct",
                "Resolved on the first call, % of requests with a known result",
                panel="city group_kind",
                where="group_kind IN ('agency', 'channel')",
                weight="requests",
            ),
        ),
        order=(*_BY_KIND, "-requests", "group_name"),
        note="100 % is all requests of the group with a known first-call resolution.",
    ),
    Answer(
        name="resolution",
        question="How many cases are resolved?",
        sentence=sentences.resolution,
        columns=(
            *(*_GROUP, "requests", "resolved", "closed_otherwise", "unresolved", "status_not_known"),
            *("resolved_pct", "unresolved_pct"),
        ),
        charts=(
            chart(
                "stack",
                "group_name",
                "resolved closed_otherwise unresolved",
                "Share of requests with a known status, %",
                panel="city group_kind",
                where="group_kind IN ('all', 'channel')",
            ),
        ),
        order=(*_BY_KIND, "-requests", "group_name"),
        note="100 % is all requests with a known status. Closed otherwise means that a request was "
        "transferred or was not valid.",
    ),
    Answer(
        name="top_types_by_area",
        question="What are the five most common types of each area?",
        sentence=sentences.top_types,
        columns=(*_GROUP, "rank", "request_type", "requests", "share_pct"),
        charts=(
            chart(
                "bars",
                "request_type",
                "requests",
                "Requests",
                panel="city group_kind group_name",
                where=_NO_GRID_CELLS,
                max_categories=5,
                note="The chart shows the areas with the most requests of these types.",
            ),
        ),
        order=("city", "group_kind", "group_name", "rank"),
        note="100 % is all requests of the area with a known type.",
    ),
    Answer(
        name="top_type_months",
        question="How do the most common types change by month?",
        sentence=sentences.type_months,
        columns=(*_GROUP, "rank", "request_type", "month", "requests", "change_on_month", "change_on_month_pct"),
        charts=(
            chart(
                "line",
                "month",
                "requests",
                "Requests per month",
                panel="city group_kind group_name request_type",
                where=_NO_GRID_CELLS,
                missing_is_zero=True,
                note="The chart shows the pairs of area and type with the most requests. A missing month is 0.",
            ),
        ),
        order=("city", "group_kind", "group_name", "rank", "month"),
        note="The table has the five most common types of each area. Months use local time.",
    ),
    Answer(
        name="busiest_agencies",
        question="Which ten agencies are the busiest?",
        sentence=sentences.agencies,
        columns=(*_GROUP, "rank", "agency", "requests", "share_pct"),
        charts=(chart("bars", "agency", "requests", "Requests", panel=_BY_CITY, where=_ALL),),
        order=(*_BY_GROUP, "rank"),
        note="100 % is all requests of the group with a known agency.",
    ),
    Answer(
        name="most_common_types",
        question="What are the ten most common types?",
        sentence=sentences.types,
        columns=(*_GROUP, "rank", "request_type", "requests", "share_pct"),
        charts=(chart("bars", "request_type", "requests", "Requests", panel=_BY_CITY, where=_ALL),),
        order=(*_BY_GROUP, "rank"),
        note="100 % is all requests of the group with a known type.",
    ),
    Answer(
        name="top_unresolved",
        question="Which types have the most unresolved requests?",
        sentence=sentences.unresolved,
        columns=(*_GROUP, "rank", "request_type", "requests", "share_pct"),
        charts=(chart("bars", "request_type", "requests", "Unresolved requests", panel=_BY_CITY, where=_ALL),),
        order=(*_BY_GROUP, "rank"),
        note="Only unresolved requests are counted. 100 % is all unresolved requests of the group with a known type.",
    ),
    Answer(
        name="by_hour_and_weekday",
        question="When do requests arrive?",
        sentence=sentences.hours,
        columns=(*_GROUP, "weekday", "hour", "requests"),
        charts=(
            chart(
                "heatmap",
                "hour",
                "requests",
                "Requests",
                series="weekday",
                series_order="weekday",
                panel=_BY_CITY,
                where=_ALL,
            ),
        ),
        order=(*_BY_GROUP, "weekday", "hour"),
        note="Weekday 1 is Monday. Hours use local time.",
    ),
    Answer(
        name="time_to_close",
        question="How long does it take to close requests?",
        sentence=sentences.time_to_close,
        columns=("city", "group_kind", "agency", "request_type", "requests", "median_hours", "p90_hours"),
        charts=(
            chart(
                "dots",
                "agency request_type",
                "median_hours p90_hours",
                "Hours until the request closed",
                panel=_BY_CITY,
                where="group_kind = 'agency and request_type' AND agency IS NOT NULL AND request_type IS NOT NULL",
                weight="requests",
                note="The chart leaves out requests without an agency or a type.",
            ),
        ),
        order=("city", "group_kind", "-requests", "agency", "request_type"),
        note="Only closed requests are counted. A request that closed before it was created is not counted.",
    ),
    Answer(
        name="traffic_by_area",
        question="Where are traffic and accidents reported?",
        sentence=sentences.traffic,
        columns=(*_GROUP, "traffic_kind", "request_type", "requests"),
        charts=(
            chart(
                "bars",
                "group_name",
                "requests",
                "Requests about traffic and accidents",
                panel="city group_kind",
                where=_KNOWN_AREAS,
                max_panels=8,
                note=_AREAS_ONLY,
            ),
        ),
        order=("city", "group_kind", "group_name", "traffic_kind", "-requests", "request_type"),
        note="A request is counted once in each type of area. In the table, a dash stands for an unknown area.",
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
    columns={
        "on_first_call": Column(header="Resolved on first call"),
        "on_first_call_pct": Column(header="Resolved %"),
        "status_not_known": Column(header="Unknown"),
        "p90_hours": Column(header="90th percentile, hours"),
        "median_hours": Column(header="Median, hours"),
        "traffic_kind": Column(header="Topic"),
        "group_kind": Column(header="Group", names_columns=True),
        "group_name": Column(header="Name"),
        "request_type": Column(header="Type"),
    },
    sparkline="monthly_volume",
)
