"""Workflow of the dispatched incidents."""

from jobs.police_dispatch import STAGES
from transforms.datasets.police_dispatch import DATASET
from workflows.model import linear_workflow

WORKFLOW = linear_workflow(DATASET, stages=STAGES)
