"""The sentences of the report about service requests. Each function returns an answer in one or two sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from reports.answer import Rows
from reports.words import WEEKDAYS, month_and_year, name_of, percent


def _greatest_area(rows: Rows) -> Mapping[str, Any] | None:
    """Return the row with the most requests. Grid cells are not areas that people know."""
    areas = [row for row in rows if row["group_kind"] != "grid_cell"]
    return max(areas, key=lambda row: row["requests"], default=None)


def _place(row: Mapping[str, Any]) -> str:
    kind = row["group_kind"].replace("_", " ")
    return f"{kind[:1].upper()}{kind[1:]} {name_of(row['group_name'])} ({row['city'].title()})"


def monthly(rows: Rows) -> str:
    month = next(row for row in rows if row["group_kind"] == "all")
    change = percent(
        month["change_on_year_pct"], since=month_and_year(month["month"].replace(year=month["month"].year - 1))
    )
    return f"{month['city'].title()} had {month['requests']:,} requests in {month_and_year(month['month'])}{change}."


def areas(rows: Rows) -> str:
    top = _greatest_area([row for row in rows if row["group_name"] is not None])
    if top is None:
        return "The area of all requests is unknown."
    share = f"{top['requests']:,}, or {top['share_pct']:.2f} % of the city's requests"
    return f"{_place(top)} has the most requests: {share}."


def channels(rows: Rows) -> str:
    top = next((row for row in rows if row["channel"] is not None), None)
    if top is None:
        return "The channel of all requests is unknown."
    share = f"{top['share_pct']:.2f} % of the requests"
    return f"The most common channel in {top['city'].title()} is {top['channel']}: {share}."


def first_call(rows: Rows) -> str:
    city = rows[0]
    if city["on_first_call_pct"] is None:
        return f"{city['city'].title()} does not publish whether the first call resolved a request."
    return (
        f"{city['on_first_call_pct']:.2f} % of the requests in {city['city'].title()} with a known result are resolved "
        "on the first call."
    )


def resolution(rows: Rows) -> str:
    city = rows[0]
    known = city["resolved"] + city["closed_otherwise"] + city["unresolved"]
    if city["resolved_pct"] is None or city["unresolved_pct"] is None or not known:
        return f"The status of all requests in {city['city'].title()} is unknown."
    return (
        f"{city['resolved_pct']:.2f} % of the requests in {city['city'].title()} with a known status are resolved, "
        f"{100 * city['closed_otherwise'] / known:.2f} % are closed otherwise, and {city['unresolved_pct']:.2f} % are "
        "unresolved."
    )


def top_types(rows: Rows) -> str:
    top = _greatest_area(rows) or rows[0]
    return f"The most common type in {_place(top)} is {top['request_type']}, with {top['requests']:,} requests."


def type_months(rows: Rows) -> str:
    top = _greatest_area(rows) or rows[0]
    areas = [row for row in rows if row["group_kind"] != "grid_cell" and row["requests"] == top["requests"]]
    others = len(areas) - 1
    combinations = f"combination{'' if others == 1 else 's'} of area, type and month"
    as_many = f" {others:,} other {combinations} had the same number." if others else ""
    return (
        f"{top['request_type']} in {_place(top)} had the most requests in a month: {top['requests']:,} in "
        f"{month_and_year(top['month'])}.{as_many}"
    )


def agencies(rows: Rows) -> str:
    top = rows[0]
    share = f"{top['share_pct']:.2f} % of the requests with a known agency"
    return f"The busiest agency in {top['city'].title()} is {top['agency']}, with {share}."


def types(rows: Rows) -> str:
    top = rows[0]
    share = f"{top['share_pct']:.2f} % of the requests with a known type"
    return f"The most common type in {top['city'].title()} is {top['request_type']}: {share}."


def unresolved(rows: Rows) -> str:
    top = rows[0]
    return (
        f"{top['request_type']} has the most unresolved requests in {top['city'].title()}: {top['requests']:,}, or "
        f"{top['share_pct']:.2f} % of the unresolved requests with a known type."
    )


def hours(rows: Rows) -> str:
    top = max((row for row in rows if row["group_kind"] == "all"), key=lambda row: row["requests"])
    return f"The busiest hour begins on {WEEKDAYS[top['weekday'] - 1]} at {top['hour']}:00, in {top['city'].title()}."


def time_to_close(rows: Rows) -> str:
    city = next(row for row in rows if row["group_kind"] == "all")
    return (
        f"Half of the closed requests in {city['city'].title()} were closed within {city['median_hours']:,.1f} hours, "
        f"and 90 % within {city['p90_hours']:,.1f} hours."
    )


def traffic(rows: Rows) -> str:
    totals: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        if row["group_kind"] != "grid_cell" and row["group_name"] is not None:
            totals[row["city"], row["group_kind"], row["group_name"]] += row["requests"]
    if not totals:
        return "The area of all requests about traffic is unknown."
    (city, kind, area), count = totals.most_common(1)[0]
    place = _place({"city": city, "group_kind": kind, "group_name": area})
    return f"{place} has the most requests about traffic and accidents: {count:,}."
