"""How the inquiry volume's answers are shown."""

from __future__ import annotations

from reports.answer import Answer, Shown

_YEAR, _DEPARTMENT, _CHANNEL = (
    Shown("year", "Year", "d"),
    Shown("inquiry_department", "Department"),
    Shown("inquiry_channel", "Channel"),
)
_INQUIRIES = Shown("inquiries", "Inquiries", ",d")
_SHARE = Shown("share_pct", "Share %", ".3f", bar=True)
_MOVED = (
    Shown("inquiries_before", "Before", ",d"),
    Shown("inquiries", "Now", ",d"),
    Shown("share_before_pct", "Before %", ".3f"),
    Shown("share_pct", "Now %", ".3f", bar=True),
    Shown("change_pct_points", "Change, points", "+.3f"),
)

ANSWERS = (
    Answer(
        name="departments",
        title="Inquiries by department and year",
        columns=(_YEAR, _DEPARTMENT, _INQUIRIES, _SHARE),
        order=("-year", "-inquiries", "inquiry_department"),
        note="Share: of all inquiries of the year.",
    ),
    Answer(
        name="channels",
        title="Inquiries by channel and year",
        columns=(_YEAR, _CHANNEL, _INQUIRIES, _SHARE),
        order=("-year", "-inquiries", "inquiry_channel"),
        note="Share: of all inquiries of the year.",
    ),
    Answer(
        name="monthly",
        title="Inquiries by month",
        columns=(
            Shown("month", "Month", "%Y-%m"),
            _INQUIRIES,
            Shown("change_on_month", "On the month before", "+,d"),
            Shown("change_on_month_pct", "%", "+.2f"),
            Shown("change_on_year", "On the year before", "+,d"),
            Shown("change_on_year_pct", "%", "+.2f"),
        ),
    ),
    Answer(
        name="yearly",
        title="Inquiries by year",
        columns=(
            _YEAR,
            Shown("months", "Months", "d"),
            _INQUIRIES,
            Shown("inquiries_per_month", "A month", ",.1f"),
            Shown("change_on_year", "On the year before", "+,d"),
            Shown("change_on_year_pct", "%", "+.2f"),
        ),
        note="A year of fewer than 12 months is one in part: compare it by the month.",
    ),
    Answer(
        name="department_moves",
        title="How departments' shares moved between the last two years",
        columns=(_DEPARTMENT, *_MOVED),
        order=("-|change_pct_points|", "inquiry_department"),
        note="The greatest moves first, up or down. Share: of all inquiries of the year.",
    ),
    Answer(
        name="unusual_departments",
        title="Departments with unusually many or few inquiries",
        columns=(
            _YEAR,
            _DEPARTMENT,
            Shown("unusual", "Unusually"),
            _INQUIRIES,
            Shown("usual_from", "Usual from", ",.1f"),
            Shown("usual_to", "to", ",.1f"),
        ),
        order=("-year", "unusual", "inquiry_department"),
        note="Unusual: further from the quartiles than 1.5 times their distance, on a logarithmic scale (Tukey).",
    ),
    Answer(
        name="top_types",
        title="What departments are asked most",
        columns=(
            _YEAR,
            _DEPARTMENT,
            Shown("rank", "Rank", "d"),
            Shown("inquiry_type", "Type"),
            Shown("is_retired", "Retired"),
            _INQUIRIES,
            Shown("share_pct", "Share %", ".3f", bar=True),
        ),
        order=("-year", "inquiry_department", "rank"),
        note="Share: of the department's inquiries of the year.",
    ),
    Answer(
        name="channel_moves",
        title="How inquiries shifted between channels, by department",
        columns=(_DEPARTMENT, _CHANNEL, *_MOVED),
        order=("inquiry_department", "-change_pct_points", "inquiry_channel"),
        note="Share: of the department's inquiries of the year.",
    ),
)
