"""Workflow of the inquiry volume."""

from transforms.datasets.inquiry_volume import DATASET
from workflows.model import linear_workflow

WORKFLOW = linear_workflow(DATASET)
