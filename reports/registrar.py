"""How the registrar's answers are shown. Each says what its shares are of."""

from __future__ import annotations

from reports.answer import Answer, Shown

_COURSE = (Shown("programme", "Programme"), Shown("intake", "Intake"))
_RECORDS = (
    Shown("applications", "Applications", ",d"),
    Shown("enrolments", "Enrolments", ",d"),
    Shown("withdrawals", "Withdrawals", ",d"),
)
_COMPLETED = (
    Shown("received", "Received", ",d"),
    Shown("completed", "Completed", ",d"),
    Shown("completion_rate_pct", "Completed %", ".2f", bar=True),
)

ANSWERS = (
    Answer(
        name="completion_by_year",
        title="Application completion rate, by year received",
        columns=(
            Shown("year", "Year", "d"),
            *_COMPLETED,
            Shown("change_pct_points", "Change, points", "+.2f"),
        ),
        note="Rate: of the applications received in the year.",
    ),
    Answer(
        name="completion_by_programme",
        title="Application completion rate, by programme and intake",
        columns=(*_COURSE, *_COMPLETED),
        order=("programme", "intake"),
        note="Rate: of the applications received for the programme and intake.",
    ),
    Answer(
        name="activity_by_month",
        title="Applications, enrolments and withdrawals, by month",
        columns=(Shown("month", "Month", "%Y-%m"), *_RECORDS),
    ),
    Answer(
        name="activity_by_year",
        title="Applications, enrolments and withdrawals, by year",
        columns=(Shown("year", "Year", "d"), *_RECORDS),
    ),
    Answer(
        name="yield",
        title="Yield: who completed an application and enrolled",
        columns=(
            *_COURSE,
            Shown("completed", "Completed", ",d"),
            Shown("enrolled", "Enrolled", ",d"),
            Shown("yield_pct", "Yield %", ".2f", bar=True),
            Shown("enrolled_otherwise", "Enrolled otherwise", ",d"),
        ),
        order=("programme", "intake"),
        note="Yield: of the completed applications for the programme and intake.",
    ),
    Answer(
        name="withdrawal_rates",
        title="Withdrawals, and the days until them",
        columns=(
            *_COURSE,
            Shown("enrolled", "Enrolled", ",d"),
            Shown("withdrawn", "Withdrawn", ",d"),
            Shown("withdrawal_rate_pct", "Withdrawn %", ".2f", bar=True),
            Shown("median_days", "Days, median", ".1f"),
            Shown("least_days", "least", "d"),
            Shown("most_days", "most", "d"),
        ),
        order=("programme", "intake"),
        note="Rate: of the enrolments in the programme and intake. Days: from enrolment to withdrawal.",
    ),
    Answer(
        name="completeness",
        title="How complete the critical fields are",
        columns=(
            Shown("record", "Record"),
            Shown("field", "Field"),
            Shown("rows", "Records", ",d"),
            Shown("filled", "Filled", ",d"),
            Shown("completeness_pct", "Filled %", ".2f", bar=True),
        ),
        order=("record", "field"),
        note="Share: of all records of the kind, those in quarantine too.",
    ),
)
