"""Workflow of the contact centre."""

from transforms.datasets.contact_centre import DATASET
from workflows.model import linear_workflow

WORKFLOW = linear_workflow(DATASET)
