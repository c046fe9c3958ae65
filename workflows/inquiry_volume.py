"""Workflow of the inquiry volume."""

from __future__ import annotations

from workflows.model import in_stages

WORKFLOW = in_stages("inquiry_volume", "Volume and share of 3-1-1 inquiries by department, channel, type and month")
