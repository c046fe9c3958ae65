"""Workflow of the contact centre: ingest, then refine, then curate, each when the one before has succeeded."""

from __future__ import annotations

from workflows.model import Condition, Job, Predicate, Trigger, Workflow

_INGEST = Job("contact_centre_ingest", "contact_centre", {"--stage": "ingest"})
_REFINE = Job("contact_centre_refine", "contact_centre", {"--stage": "refine"})
_CURATE = Job("contact_centre_curate", "contact_centre", {"--stage": "curate"})

WORKFLOW = Workflow(
    name="contact_centre",
    description="Percentage of 3-1-1 calls handled, by year and by month",
    jobs=(_INGEST, _REFINE, _CURATE),
    triggers=(
        Trigger("contact_centre_start", (_INGEST.name,), type="ON_DEMAND"),
        Trigger("contact_centre_landed", (_REFINE.name,), predicate=Predicate((Condition(_INGEST.name),))),
        Trigger("contact_centre_trusted", (_CURATE.name,), predicate=Predicate((Condition(_REFINE.name),))),
    ),
)
