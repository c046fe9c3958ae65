"""Display settings of the contact centre's answers."""

from __future__ import annotations

from reports.answer import Answer, DisplayColumn

ANSWERS = (
    Answer(
        name="calls_handled",
        title="Percentage of calls handled, by year",
        headline="{calls_handled_pct:.2f} % of calls handled in {year} ({change_pct_points:+.2f} points)",
        columns=(
            DisplayColumn("year", "Year", "d"),
            DisplayColumn("days", "Days", ",d"),
            DisplayColumn("calls_offered", "Calls offered", ",d"),
            DisplayColumn("calls_handled", "Calls handled", ",d"),
            DisplayColumn("calls_handled_pct", "Handled %", ".2f", bar=True),
            DisplayColumn("change_pct_points", "Change, points", "+.2f"),
        ),
    ),
    Answer(
        name="calls_handled_monthly",
        title="Percentage of calls handled, by month",
        columns=(
            DisplayColumn("month", "Month", "%Y-%m"),
            DisplayColumn("days", "Days", ",d"),
            DisplayColumn("calls_offered", "Calls offered", ",d"),
            DisplayColumn("calls_handled", "Calls handled", ",d"),
            DisplayColumn("calls_handled_pct", "Handled %", ".2f", bar=True),
            DisplayColumn("change_pct_points", "Change, points", "+.2f"),
        ),
    ),
)
