"""Display settings of the inquiry volume's answers."""

from __future__ import annotations

from reports.answer import Answer, DisplayColumn

_YEAR, _DEPARTMENT, _CHANNEL = (
    DisplayColumn("year", "Year", "d"),
    DisplayColumn("inquiry_department", "Department"),
    DisplayColumn("inquiry_channel", "Channel"),
)
_INQUIRIES = DisplayColumn("inquiries", "Inquiries", ",d")
_SHARE = DisplayColumn("share_pct", "Share %", ".3f", bar=True)
_CHANGES = (
    DisplayColumn("inquiries_before", "Before", ",d"),
    DisplayColumn("inquiries", "Now", ",d"),
    DisplayColumn("share_before_pct", "Before %", ".3f"),
    DisplayColumn("share_pct", "Now %", ".3f", bar=True),
    DisplayColumn("change_pct_points", "Change, points", "+.3f"),
)

ANSWERS = (
    Answer(
        name="departments",
        title="Inquiries by department and year",
        headline="{inquiry_department}: {inquiries:,d} inquiries in {year} ({share_pct:.2f} % of all)",
        columns=(_YEAR, _DEPARTMENT, _INQUIRIES, _SHARE),
        order=("-year", "-inquiries", "inquiry_department"),
        note="100 % is all inquiries of the year.",
    ),
    Answer(
        name="channels",
        title="Inquiries by channel and year",
        columns=(_YEAR, _CHANNEL, _INQUIRIES, _SHARE),
        order=("-year", "-inquiries", "inquiry_channel"),
        note="100 % is all inquiries of the year.",
    ),
    Answer(
        name="monthly",
        title="Inquiries by month",
        columns=(
            DisplayColumn("month", "Month", "%Y-%m"),
            _INQUIRIES,
            DisplayColumn("change_on_month", "Change on month", "+,d"),
            DisplayColumn("change_on_month_pct", "Change on month %", "+.2f"),
            DisplayColumn("change_on_year", "Change on year", "+,d"),
            DisplayColumn("change_on_year_pct", "Change on year %", "+.2f"),
        ),
    ),
    Answer(
        name="yearly",
        title="Inquiries by year",
        columns=(
            _YEAR,
            DisplayColumn("months", "Months", "d"),
            _INQUIRIES,
            DisplayColumn("inquiries_per_month", "Inquiries per month", ",.1f"),
            DisplayColumn("change_on_year", "Change on year", "+,d"),
            DisplayColumn("change_on_year_pct", "Change on year %", "+.2f"),
        ),
        note="A year with fewer than 12 months is incomplete. To compare such a year, use the inquiries per month.",
    ),
    Answer(
        name="department_moves",
        title="Change of each department's share between two years",
        columns=(_DEPARTMENT, *_CHANGES),
        order=("-|change_pct_points|", "inquiry_department"),
        note="The greatest increase or decrease comes first. 100 % is all inquiries of the year.",
    ),
    Answer(
        name="unusual_departments",
        title="Departments with unusual numbers of inquiries",
        columns=(
            _YEAR,
            _DEPARTMENT,
            DisplayColumn("unusual", "Outlier"),
            _INQUIRIES,
            DisplayColumn("usual_from", "Usual minimum", ",.1f"),
            DisplayColumn("usual_to", "Usual maximum", ",.1f"),
        ),
        order=("-year", "unusual", "inquiry_department"),
        note="The usual range extends 1.5 interquartile ranges beyond the quartiles, on a logarithmic scale (Tukey).",
    ),
    Answer(
        name="top_types",
        title="Most common inquiry types of each department",
        columns=(
            _YEAR,
            _DEPARTMENT,
            DisplayColumn("rank", "Rank", "d"),
            DisplayColumn("inquiry_type", "Type"),
            DisplayColumn("is_retired", "Retired"),
            _INQUIRIES,
            DisplayColumn("share_pct", "Share %", ".3f", bar=True),
        ),
        order=("-year", "inquiry_department", "rank"),
        note="100 % is all inquiries of the department in the year.",
    ),
    Answer(
        name="channel_moves",
        title="Change of each channel's share, by department",
        columns=(_DEPARTMENT, _CHANNEL, *_CHANGES),
        order=("inquiry_department", "-change_pct_points", "inquiry_channel"),
        note="100 % is all inquiries of the department in the year.",
    ),
)
