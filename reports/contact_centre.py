"""How the contact centre's answers are shown."""

from __future__ import annotations

from reports.answer import Answer, Shown

ANSWERS = (
    Answer(
        name="calls_handled",
        title="Percentage of calls handled, by year",
        columns=(
            Shown("year", "Year", "d"),
            Shown("days", "Days", ",d"),
            Shown("calls_offered", "Calls offered", ",d"),
            Shown("calls_handled", "Calls handled", ",d"),
            Shown("calls_handled_pct", "Handled %", ".2f", bar=True),
            Shown("change_pct_points", "Change, points", "+.2f"),
        ),
    ),
    Answer(
        name="calls_handled_monthly",
        title="Percentage of calls handled, by month",
        columns=(
            Shown("month", "Month", "%Y-%m"),
            Shown("days", "Days", ",d"),
            Shown("calls_offered", "Calls offered", ",d"),
            Shown("calls_handled", "Calls handled", ",d"),
            Shown("calls_handled_pct", "Handled %", ".2f", bar=True),
            Shown("change_pct_points", "Change, points", "+.2f"),
        ),
    ),
)
