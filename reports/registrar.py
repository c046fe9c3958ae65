"""Display settings of the registrar's answers."""

from __future__ import annotations

from reports.answer import Answer, DisplayColumn

_COURSE = (DisplayColumn("programme", "Programme"), DisplayColumn("intake", "Intake"))
_RECORDS = (
    DisplayColumn("applications", "Applications", ",d"),
    DisplayColumn("enrolments", "Enrolments", ",d"),
    DisplayColumn("withdrawals", "Withdrawals", ",d"),
)
_COMPLETED = (
    DisplayColumn("received", "Received", ",d"),
    DisplayColumn("completed", "Completed", ",d"),
    DisplayColumn("completion_rate_pct", "Completed %", ".2f", bar=True),
)

ANSWERS = (
    Answer(
        name="completion_by_year",
        title="Application completion rate, by year received",
        headline="{completion_rate_pct:.2f} % of applications in {year} were completed "
        "({change_pct_points:+.2f} points)",
        columns=(
            DisplayColumn("year", "Year", "d"),
            *_COMPLETED,
            DisplayColumn("change_pct_points", "Change, points", "+.2f"),
        ),
        note="100 % is all applications received in the year.",
    ),
    Answer(
        name="completion_by_programme",
        title="Completion rate, by programme and intake",
        columns=(*_COURSE, *_COMPLETED),
        order=("programme", "intake"),
        note="100 % is all applications for the programme and intake.",
    ),
    Answer(
        name="activity_by_month",
        title="Applications, enrolments, withdrawals by month",
        columns=(DisplayColumn("month", "Month", "%Y-%m"), *_RECORDS),
    ),
    Answer(
        name="activity_by_year",
        title="Applications, enrolments, withdrawals by year",
        columns=(DisplayColumn("year", "Year", "d"), *_RECORDS),
    ),
    Answer(
        name="yield",
        title="Completed applications that led to an enrolment",
        columns=(
            *_COURSE,
            DisplayColumn("completed", "Completed", ",d"),
            DisplayColumn("enrolled", "Enrolled", ",d"),
            DisplayColumn("yield_pct", "Yield %", ".2f", bar=True),
            DisplayColumn("enrolled_otherwise", "Enrolled without a completed application", ",d"),
        ),
        order=("programme", "intake"),
        note="100 % is all completed applications for the programme and intake.",
    ),
    Answer(
        name="withdrawal_rates",
        title="Withdrawals, and days from enrolment to withdrawal",
        columns=(
            *_COURSE,
            DisplayColumn("enrolled", "Enrolled", ",d"),
            DisplayColumn("withdrawn", "Withdrawn", ",d"),
            DisplayColumn("withdrawal_rate_pct", "Withdrawn %", ".2f", bar=True),
            DisplayColumn("median_days", "Median days", ".1f"),
            DisplayColumn("min_days", "Minimum days", "d"),
            DisplayColumn("max_days", "Maximum days", "d"),
        ),
        order=("programme", "intake"),
        note="100 % is all enrolments in the programme and intake. Days are counted from enrolment to withdrawal.",
    ),
    Answer(
        name="completeness",
        title="Completeness of the critical fields",
        columns=(
            DisplayColumn("record", "Record"),
            DisplayColumn("field", "Field"),
            DisplayColumn("rows", "Records", ",d"),
            DisplayColumn("filled", "Filled", ",d"),
            DisplayColumn("completeness_pct", "Filled %", ".2f", bar=True),
        ),
        order=("record", "field"),
        note="100 % is all records of the same kind, including records in quarantine.",
    ),
)
