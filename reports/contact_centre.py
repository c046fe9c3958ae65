"""The report about calls to the contact centre."""

from reports.answer import Answer, Report, Rows, Source
from reports.charts import Chart, chart
from reports.columns import Column
from reports.words import month_and_year, months_of_year, points

_URL = "https://opendata.vancouver.ca/explore/dataset/3-1-1-contact-centre-metrics/"
_LICENCE = "Open Government Licence - Vancouver"
_IS_FULL_YEAR = "days >= CASE WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 366 ELSE 365 END"


def _yearly(rows: Rows) -> str:
    year = rows[0]
    if year["calls_handled_pct"] is None or year["first_day"] is None:
        return f"No calls were offered in {year['year']}."
    period = months_of_year(year["first_day"], year["last_day"])
    change = points(year["change_pct_points"], since=str(year["year"] - 1))
    return f"{year['calls_handled_pct']:.2f} % of calls were handled in {period}{change}."


def _monthly(rows: Rows) -> str:
    # The percentages are rounded, so two months can have the same percentage. The counts tell which month is higher.
    known = [row for row in rows if row["calls_handled_pct"] is not None]
    known.sort(key=lambda row: row["calls_handled"] / row["calls_offered"])
    texts = [f"{row['calls_handled_pct']:.2f} % in {month_and_year(row['month'])}" for row in known]
    return f"The percentage was between {texts[0]} and {texts[-1]}." if texts else "No month has calls."


def _line(period: str, *, complete: str) -> Chart:
    incomplete, axis = f"An open circle is a {period} with missing days.", "Calls handled, % of calls offered"
    return chart("line", period, "calls_handled_pct", axis, complete=complete, incomplete=incomplete)


REPORT = Report(
    title="Contact centre",
    sources=(Source("City of Vancouver, 3-1-1 contact centre metrics", _URL, _LICENCE),),
    answers=(
        Answer(
            name="calls_handled",
            question="What percentage of calls is handled each year?",
            sentence=_yearly,
            columns=("year", "days", "calls_offered", "calls_handled", "calls_handled_pct", "change_pct_points"),
            charts=(_line("year", complete=_IS_FULL_YEAR),),
            note="100 % is all calls offered in the year.",
            # Source: the Athena table gov_fin_contactcentre_table_ramandeep.
            exported_as={"calls_handled_pct": "percent_of_calls_handled"},
        ),
        Answer(
            name="calls_handled_monthly",
            question="What percentage of calls is handled each month?",
            sentence=_monthly,
            charts=(_line("month", complete="days >= day(last_day(month))"),),
            note="100 % is all calls offered in the month.",
        ),
    ),
    columns={"calls_handled_pct": Column(header="Handled %")},
    sparkline="calls_handled_monthly",
)
