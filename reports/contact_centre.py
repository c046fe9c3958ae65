"""The report about calls to the contact centre."""

from __future__ import annotations

from reports.answer import Answer, Report, Rows, Source
from reports.charts import chart
from reports.columns import Column
from reports.words import month_and_year, months_of_year, points

_COLUMNS = ("calls_offered", "calls_handled", "calls_handled_pct", "change_pct_points")
_AXIS = "Calls handled, % of calls offered"


def _yearly(rows: Rows) -> str:
    year = rows[0]
    if year["calls_handled_pct"] is None or year["first_day"] is None:
        return f"No calls were offered in {year['year']}."
    period = months_of_year(year["first_day"], year["last_day"])
    change = points(year["change_pct_points"], since=str(year["year"] - 1))
    return f"{year['calls_handled_pct']:.2f} % of calls were handled in {period}{change}."


def _monthly(rows: Rows) -> str:
    known = [row for row in rows if row["calls_handled_pct"] is not None]
    if not known:
        return "No month has calls."
    # The percentages are rounded, so two months can have the same percentage. The counts tell which month is higher.
    lowest, highest = (
        choose(known, key=lambda row: row["calls_handled"] / row["calls_offered"]) for choose in (min, max)
    )
    low, high = (f"{row['calls_handled_pct']:.2f} % in {month_and_year(row['month'])}" for row in (lowest, highest))
    return f"The percentage was between {low} and {high}."


ANSWERS = (
    Answer(
        name="calls_handled",
        question="What percentage of calls is handled each year?",
        sentence=_yearly,
        columns=("year", "days", *_COLUMNS),
        charts=(
            chart(
                "line",
                "year",
                "calls_handled_pct",
                _AXIS,
                complete="days >= CASE WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 366 ELSE 365 END",
                incomplete="An open circle is a year with missing days.",
            ),
        ),
        note="100 % is all calls offered in the year.",
        # Source: the Athena table gov_fin_contactcentre_table_ramandeep.
        exported_as={"calls_handled_pct": "percent_of_calls_handled"},
    ),
    Answer(
        name="calls_handled_monthly",
        question="What percentage of calls is handled each month?",
        sentence=_monthly,
        columns=("month", "days", *_COLUMNS),
        charts=(
            chart(
                "line",
                "month",
                "calls_handled_pct",
                _AXIS,
                complete="days >= day(last_day(month))",
                incomplete="An open circle is a month with missing days.",
            ),
        ),
        note="100 % is all calls offered in the month.",
    ),
)

REPORT = Report(
    title="Contact centre",
    sources=(
        Source(
            "City of Vancouver, 3-1-1 contact centre metrics",
            "https://opendata.vancouver.ca/explore/dataset/3-1-1-contact-centre-metrics/",
            "Open Government Licence - Vancouver",
        ),
    ),
    answers=ANSWERS,
    columns={"calls_handled_pct": Column(header="Handled %")},
    sparkline="calls_handled_monthly",
)
