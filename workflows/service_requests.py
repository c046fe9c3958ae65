"""Workflow of the service requests."""

from __future__ import annotations

from jobs.masking_key import WHERE
from workflows.model import in_stages

WORKFLOW = in_stages(
    "service_requests",
    "3-1-1 service requests: volume, areas, sources, first-call resolution, what is unresolved, time to close",
    parameters={"refine": {"--masking-key": WHERE}},
    maintained=True,
)
