"""Workflow of the contact centre."""

from __future__ import annotations

from workflows.model import in_stages

WORKFLOW = in_stages("contact_centre", "Percentage of 3-1-1 calls handled, by year and by month")
