"""The sentences of the report about service requests. Each function returns the answer in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.answer import Rows
from reports.words import WEEKDAYS, month_and_year, name_of, percent


def _greatest_area(rows: Rows) -> Mapping[str, Any]:
    return max(rows, key=lambda row: (row["area_kind"] != "grid_cell", row["requests"]))


def _place(row: object) -> str:
    return f"{row['area_kind'].replace('_', ' ')} {name_of(row['area'])} ({row['city'].title()})"  # type: ignore[index]


def monthly(rows: Rows) -> str:
    month = rows[0]
    change = percent(
        month["change_on_year_pct"], since=month_and_year(month["month"].replace(year=month["month"].year - 1))
    )
    return f"{month['city'].title()} had {month['requests']:,} requests in {month_and_year(month['month'])}{change}."


def areas(rows: Rows) -> str:
    known = [row for row in rows if row["area_kind"] != "grid_cell" and row["area"] is not None]
    if not known:
        return "The area of all requests is unknown."
    kinds = [row["area_kind"] for row in known]
    kind = "neighborhood" if "neighborhood" in kinds else kinds[0]
    top = max((row for row in known if row["area_kind"] == kind), key=lambda row: row["requests"])
    share = f"{top['requests']:,}, or {top['share_pct']:.2f} % of the city's requests"
    return f"Most requests come from {_place(top)}: {share}."


def channels(rows: Rows) -> str:
    top = next((row for row in rows if row["channel"] is not None), None)
    if top is None:
        return "The channel of all requests is unknown."
    return f"Most requests in {top['city'].title()} come by {top['channel']}: {top['share_pct']:.2f} %."


def first_call(rows: Rows) -> str:
    city = rows[0]
    if city["on_first_call_pct"] is None:
        return f"{city['city'].title()} does not publish whether the first call resolved a request."
    return f"{city['on_first_call_pct']:.2f} % of requests in {city['city'].title()} are resolved on the first call."


def resolution(rows: Rows) -> str:
    city = rows[0]
    if city["resolved_pct"] is None or city["unresolved_pct"] is None:
        return f"The status of all requests in {city['city'].title()} is unknown."
    return (
        f"{city['resolved_pct']:.2f} % of requests in {city['city'].title()} are resolved, "
        f"and {city['unresolved_pct']:.2f} % are unresolved."
    )


def top_types(rows: Rows) -> str:
    top = _greatest_area(rows)
    return f"The most common type in {_place(top)} is {top['request_type']}, with {top['requests']:,} requests."


def type_months(rows: Rows) -> str:
    top = _greatest_area(rows)
    return (
        f"{top['request_type']} in {_place(top)} had the busiest month: {top['requests']:,} requests in "
        f"{month_and_year(top['month'])}."
    )


def agencies(rows: Rows) -> str:
    top = rows[0]
    share = f"{top['share_pct']:.2f} % of the requests"
    return f"The busiest agency in {top['city'].title()} is {top['agency']}, with {share}."


def types(rows: Rows) -> str:
    top = rows[0]
    share = f"{top['share_pct']:.2f} % of the requests"
    return f"The most common type in {top['city'].title()} is {top['request_type']}: {share}."


def unresolved(rows: Rows) -> str:
    top = rows[0]
    return (
        f"{top['request_type']} has the most unresolved requests in {top['city'].title()}: {top['requests']:,}, or "
        f"{top['share_pct']:.2f} % of all that are unresolved."
    )


def hours(rows: Rows) -> str:
    top = max((row for row in rows if row["group_kind"] == "all"), key=lambda row: row["requests"])
    return f"The busiest hour begins on {WEEKDAYS[top['weekday'] - 1]} at {top['hour']}:00, in {top['city'].title()}."


def time_to_close(rows: Rows) -> str:
    city = next(row for row in rows if row["group_kind"] == "all")
    return (
        f"Half of the requests in {city['city'].title()} close within {city['median_hours']:,.1f} hours, and 90 % "
        f"within {city['p90_hours']:,.1f} hours."
    )


def traffic(rows: Rows) -> str:
    totals: dict[str, int] = {}
    for row in rows:
        if row["area_kind"] == rows[0]["area_kind"]:
            totals[row["traffic_kind"]] = totals.get(row["traffic_kind"], 0) + row["requests"]
    parts = " and ".join(f"{count:,} about {kind}" for kind, count in sorted(totals.items()))
    return f"There are {parts} ({rows[0]['area_kind'].replace('_', ' ')}s)."
