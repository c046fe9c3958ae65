"""The report about the registrar's applications, enrolments and withdrawals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.answer import Answer, Report, Rows, Source
from reports.charts import Chart, chart
from reports.columns import Column
from reports.words import month_and_year, name_of, points

_COURSE = ("programme", "intake")
_RECORDS = ("applications", "enrolments", "withdrawals")
_COMPLETED = ("received", "completed", "completion_rate_pct")
_MONTHS = chart("line", "month", _RECORDS, "Records per month")


def _by_year(rows: Rows) -> str:
    year = rows[0]
    if year["completion_rate_pct"] is None:
        return f"No application was received in {year['year']}."
    change = points(year["change_pct_points"], since=str(year["year"] - 1))
    return f"{year['completion_rate_pct']:.2f} % of the applications received in {year['year']} were completed{change}."


def _range_of(rows: Rows, column: str, text: str) -> str:
    known = [row for row in rows if row[column] is not None]
    if not known:
        return "No programme has enough records."
    lowest, highest = (choose(known, key=lambda row: row[column]) for choose in (min, max))
    low, high = (f"{row[column]:.2f} % ({_course(row)})" for row in (lowest, highest))
    return f"{text} between {low} and {high}."


def _course(row: Mapping[str, Any]) -> str:
    return ", ".join(name_of(row[name]) for name in _COURSE)


def _by_programme(rows: Rows) -> str:
    return _range_of(rows, "completion_rate_pct", "The completion rate is")


def _by_month(rows: Rows) -> str:
    busiest = max(rows, key=lambda row: row["applications"])
    return f"Most applications arrived in {month_and_year(busiest['month'])}: {busiest['applications']:,}."


def _activity_by_year(rows: Rows) -> str:
    year = next((row for row in rows if row["applications"]), rows[0])  # The last year may have only withdrawals.
    return (
        f"In {year['year']} there were {year['applications']:,} applications, {year['enrolments']:,} enrolments and "
        f"{year['withdrawals']:,} withdrawals."
    )


def _yield(rows: Rows) -> str:
    return _range_of(rows, "yield_pct", "The share of completed applications that led to an enrolment is")


def _withdrawals(rows: Rows) -> str:
    medians = [row["median_days"] for row in rows if row["median_days"] is not None]
    text = _range_of(rows, "withdrawal_rate_pct", "The share of enrolments that were withdrawn is")
    if not medians:
        return text
    days = f"{min(medians):,.0f} to {max(medians):,.0f} days"
    return f"{text} The median time from enrolment to withdrawal is {days}, depending on the programme and intake."


def _completeness(rows: Rows) -> str:
    lowest = min(rows, key=lambda row: row["completeness_pct"])
    return (
        f"The least complete field is {lowest['field']} of {lowest['record']} records, "
        f"with {lowest['completeness_pct']:.2f} % filled."
    )


def _rate(column: str, axis: str) -> Chart:
    return chart("dots", "programme", (column,), axis, series="intake")


ANSWERS = (
    Answer(
        name="completion_by_year",
        question="What percentage of applications is completed?",
        sentence=_by_year,
        columns=("year", *_COMPLETED, "change_pct_points"),
        charts=(
            chart("columns", "year", "completion_rate_pct", "Completed applications, % of all received in the year"),
        ),
        note="100 % is all applications received in the year.",
        # Source: the Athena table registraroffice_enrollwithdraw_table2_menusgarg. acr is the application completion
        # rate.
        exported_as={"year": "received_year", "completion_rate_pct": "acr"},
    ),
    Answer(
        name="completion_by_programme",
        question="Which programmes complete the most applications?",
        sentence=_by_programme,
        columns=(*_COURSE, *_COMPLETED),
        charts=(_rate("completion_rate_pct", "Completed applications, % of all received"),),
        order=_COURSE,
        note="100 % is all applications for the programme and intake.",
    ),
    Answer(
        name="activity_by_month",
        question="How many records arrive each month?",
        sentence=_by_month,
        columns=("month", *_RECORDS),
        charts=(_MONTHS,),
        note="The month is the month of the application, the enrolment or the withdrawal.",
    ),
    Answer(
        name="activity_by_year",
        question="How many records arrive each year?",
        sentence=_activity_by_year,
        columns=("year", *_RECORDS),
        charts=(chart("columns", "year", _RECORDS, "Records per year"),),
        note="The first and the last year can be incomplete. The answer about months shows which months have records.",
    ),
    Answer(
        name="yield",
        question="Which completed applications lead to enrolments?",
        sentence=_yield,
        columns=(*_COURSE, "completed", "enrolled", "yield_pct", "enrolled_otherwise"),
        charts=(_rate("yield_pct", "Enrolled, % of completed applications"),),
        order=_COURSE,
        note="100 % is all completed applications for the programme and intake.",
    ),
    Answer(
        name="withdrawal_rates",
        question="How many enrolments are withdrawn, and when?",
        sentence=_withdrawals,
        columns=(*(*_COURSE, "enrolled", "withdrawn", "withdrawal_rate_pct"), *("median_days", "min_days", "max_days")),
        charts=(_rate("withdrawal_rate_pct", "Withdrawn, % of enrolments"),),
        order=_COURSE,
        note="100 % is all enrolments in the programme and intake. Days are counted from enrolment to withdrawal.",
    ),
    Answer(
        name="completeness",
        question="Which critical fields are complete?",
        sentence=_completeness,
        columns=("record", "field", "rows", "filled", "completeness_pct"),
        charts=(
            chart(
                "bars",
                "field",
                "completeness_pct",
                "Filled cells, % of all records of the kind",
                panel="record",
            ),
        ),
        order=("record", "field"),
        note="100 % is all records of the same kind, including records in quarantine.",
    ),
)

REPORT = Report(
    title="Registrar",
    sources=(Source("Registrar's office: applications, enrolments and withdrawals. This data is not published."),),
    answers=ANSWERS,
    columns={
        "rows": Column(header="Records"),
        "completion_rate_pct": Column(header="Completed %"),
        "withdrawal_rate_pct": Column(header="Withdrawn %"),
        "completeness_pct": Column(header="Filled %"),
        "min_days": Column(header="Minimum days"),
        "max_days": Column(header="Maximum days"),
        "enrolled_otherwise": Column(header="Enrolled without a completed application"),
        "field": Column(names_columns=True),
        "median_days": Column(decimals=1),
    },
    sparkline="activity_by_month",
)
