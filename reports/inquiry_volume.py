"""The report about the volume of inquiries."""

from __future__ import annotations

from reports.answer import Answer, Report, Rows, Source
from reports.charts import chart
from reports.columns import Column
from reports.words import listed, month_and_year, name_of, percent

_CHANGES = ("inquiries_before", "inquiries", "share_before_pct", "share_pct", "change_pct_points")
_LAST_YEAR = "year = max(year) OVER ()"
_MONTHS = chart("line", "month", "inquiries", "Inquiries per month")


def _departments(rows: Rows) -> str:
    first = rows[0]
    department = name_of(first["inquiry_department"], default="The unknown department")
    return (
        f"{department} had the most inquiries in {first['year']}: {first['inquiries']:,}, "
        f"or {first['share_pct']:.2f} % of all."
    )


def _channels(rows: Rows) -> str:
    latest = [row for row in rows if row["year"] == rows[0]["year"] and row["inquiry_channel"] is not None]
    if not latest:
        return f"The channel of all inquiries in {rows[0]['year']} is unknown."
    most, least = (f"{row['inquiry_channel']} ({row['share_pct']:.2f} %)" for row in (latest[0], latest[-1]))
    if len(latest) == 1:
        return f"In {latest[0]['year']}, people used only {most}."
    return f"In {latest[0]['year']}, people used {most} the most and {least} the least."


def _monthly(rows: Rows) -> str:
    month = rows[0]
    year_before = month_and_year(month["month"].replace(year=month["month"].year - 1))
    change = percent(month["change_on_year_pct"], since=year_before)
    return f"There were {month['inquiries']:,} inquiries in {month_and_year(month['month'])}{change}."


def _yearly(rows: Rows) -> str:
    year = rows[0]
    before = next((row for row in rows if row["year"] == year["year"] - 1), None)
    months = "" if year["months"] == 12 else f" ({year['months']} months)"
    sentence = f"{year['inquiries_per_month']:,.0f} inquiries per month were made in {year['year']}{months}"
    if before and before["inquiries_per_month"]:
        change = 100 * (year["inquiries_per_month"] / before["inquiries_per_month"] - 1)
        sentence += percent(change, since=str(before["year"]))
    return f"{sentence}."


def _department_moves(rows: Rows) -> str:
    first = rows[0]
    direction = "gained" if first["change_pct_points"] > 0 else "lost"
    return (
        f"{name_of(first['inquiry_department'])} {direction} the most: from {first['share_before_pct']:.2f} % of all "
        f"inquiries in {first['year_before']} to {first['share_pct']:.2f} % in {first['year']}."
    )


def _unusual(rows: Rows) -> str:
    latest = [row for row in rows if row["year"] == rows[0]["year"]]
    parts = []
    for kind, amount in (("high", "many"), ("low", "few")):
        rows_of_kind = [row for row in latest if row["unusual"] == kind]
        if names := [f"{name_of(row['inquiry_department'])} ({row['inquiries']:,})" for row in rows_of_kind]:
            parts.append(f"{listed(names)} had unusually {amount} inquiries")
    usual = f"The usual range is {latest[0]['usual_from']:,.0f} to {latest[0]['usual_to']:,.0f}"
    return f"In {latest[0]['year']}, {', and '.join(parts)}. {usual}."


def _top_types(rows: Rows) -> str:
    latest = [row for row in rows if row["year"] == rows[0]["year"]]
    top = max(latest, key=lambda row: row["inquiries"])
    return (
        f"The most common type in {top['year']} was {name_of(top['inquiry_type'])} of "
        f"{name_of(top['inquiry_department'])}, with {top['inquiries']:,} inquiries."
    )


def _channel_moves(rows: Rows) -> str:
    top = max(rows, key=lambda row: abs(row["change_pct_points"]) * row["inquiries"])
    return (
        f"{name_of(top['inquiry_channel'])} at {name_of(top['inquiry_department'])} changed from "
        f"{top['share_before_pct']:.2f} % in {top['year_before']} to {top['share_pct']:.2f} % in {top['year']}."
    )


ANSWERS = (
    Answer(
        name="departments",
        question="Which departments get the most inquiries?",
        sentence=_departments,
        columns=("year", "inquiry_department", "inquiries", "share_pct"),
        charts=(
            chart(
                "bars",
                "inquiry_department",
                "share_pct",
                "Share of all inquiries of the latest year, %",
                where=_LAST_YEAR,
                max_categories=15,
            ),
        ),
        order=("-year", "-inquiries", "inquiry_department"),
        note="100 % is all inquiries of the year.",
        # Source: the Athena tables govtfinance_311inqvol_tabledept2023_menus and …_tabledept2024_menus.
        exported_as={"inquiries": "total_inquiries_in_dept", "rounded_pct": "deptpercuse"},
    ),
    Answer(
        name="channels",
        question="Which channels do people use the most?",
        sentence=_channels,
        columns=("year", "inquiry_channel", "inquiries", "share_pct"),
        charts=(
            chart(
                "change",
                "inquiry_channel",
                "share_pct",
                "Share of all inquiries of the year, %",
                series="year",
                where="year >= max(year) OVER () - 1",
            ),
        ),
        order=("-year", "-inquiries", "inquiry_channel"),
        note="100 % is all inquiries of the year.",
        # Source: the Athena tables govtfinance_311inqvol_tablechnl2023_menus and …_tablechnl2024_menus.
        exported_as={"inquiries": "total_inquiries_in_channel", "rounded_pct": "channelpercuse"},
    ),
    Answer(
        name="monthly",
        question="How do inquiries change from month to month?",
        sentence=_monthly,
        columns=(
            *("month", "inquiries", "change_on_month", "change_on_month_pct"),
            *("change_on_year", "change_on_year_pct"),
        ),
        charts=(_MONTHS,),
        note="A change compares the month with the month before, or with the same month one year before.",
    ),
    Answer(
        name="yearly",
        question="How do inquiries differ from year to year?",
        sentence=_yearly,
        columns=("year", "months", "inquiries", "inquiries_per_month", "change_on_year", "change_on_year_pct"),
        charts=(
            chart(
                "columns",
                "year",
                "inquiries_per_month",
                "Inquiries per month",
                complete="months = 12",
                incomplete="A pale column is a year with missing months.",
            ),
        ),
        note="A year with fewer than 12 months is incomplete. To compare such a year, use the inquiries per month.",
    ),
    Answer(
        name="department_moves",
        question="Which departments' shares changed the most?",
        sentence=_department_moves,
        columns=("inquiry_department", *_CHANGES),
        charts=(
            chart(
                "change",
                "inquiry_department",
                "share_before_pct share_pct",
                "Share of all inquiries of the year, %",
                max_categories=12,
                in_order=True,
            ),
        ),
        order=("-|change_pct_points|", "inquiry_department"),
        note="The greatest increase or decrease comes first. 100 % is all inquiries of the year.",
    ),
    Answer(
        name="unusual_departments",
        question="Which departments have unusual numbers?",
        sentence=_unusual,
        columns=("year", "inquiry_department", "unusual", "inquiries", "usual_from", "usual_to"),
        charts=(chart("bars", "inquiry_department", "inquiries", "Inquiries in the year", panel="year"),),
        order=("-year", "unusual", "inquiry_department"),
        note="The usual range extends 1.5 interquartile ranges beyond the quartiles, on a logarithmic scale (Tukey).",
        empty="No department had an unusual number of inquiries.",
    ),
    Answer(
        name="top_types",
        question="What does each department get asked the most?",
        sentence=_top_types,
        columns=("year", "inquiry_department", "rank", "inquiry_type", "is_retired", "inquiries", "share_pct"),
        charts=(
            chart(
                "bars",
                "inquiry_department inquiry_type",
                "inquiries",
                "Inquiries of the latest year",
                where=f"{_LAST_YEAR} AND rank = 1",
                max_categories=25,
                note="The chart shows only the most common type of each department.",
            ),
        ),
        order=("-year", "inquiry_department", "rank"),
        note="100 % is all inquiries of the department in the year.",
    ),
    Answer(
        name="channel_moves",
        question="How did each department's channels change?",
        sentence=_channel_moves,
        columns=("inquiry_department", "inquiry_channel", *_CHANGES),
        charts=(
            chart(
                "change",
                "inquiry_channel",
                "share_before_pct share_pct",
                "Share of the department's inquiries, %",
                panel="inquiry_department",
                weight="inquiries",
            ),
        ),
        order=("inquiry_department", "-change_pct_points", "inquiry_channel"),
        note="100 % is all inquiries of the department in the year.",
    ),
)

REPORT = Report(
    title="Inquiry volume",
    sources=(
        Source(
            "City of Vancouver, 3-1-1 inquiry volume",
            "https://opendata.vancouver.ca/explore/dataset/3-1-1-inquiry-volume/",
            "Open Government Licence - Vancouver",
        ),
    ),
    answers=ANSWERS,
    columns={
        "inquiry_department": Column(header="Department"),
        "inquiry_channel": Column(header="Channel"),
        "inquiry_type": Column(header="Type"),
        "is_retired": Column(header="Retired"),
        "unusual": Column(header="Outlier"),
        "usual_from": Column(header="Usual minimum", decimals=1),
        "usual_to": Column(header="Usual maximum", decimals=1),
    },
    sparkline="monthly",
)
