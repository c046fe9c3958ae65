"""Workflow of the registrar."""

from __future__ import annotations

from jobs.masking_key import WHERE
from workflows.model import in_stages

WORKFLOW = in_stages(
    "registrar",
    "Application completion rate, yield and withdrawals, by year, programme and intake",
    parameters={"refine": {"--masking-key": WHERE}},
)
