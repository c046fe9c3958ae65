"""Workflow of the dispatched incidents."""

from __future__ import annotations

from jobs.police_dispatch import STAGES
from workflows.model import in_stages

WORKFLOW = in_stages(
    "police_dispatch",
    "What police were sent to: types, streets, outcomes, missing times and response times, by city",
    stages=tuple(STAGES),
    maintained=True,
)
