"""Workflow of the registrar."""

from transforms.datasets.registrar import DATASET
from workflows.model import linear_workflow

WORKFLOW = linear_workflow(DATASET)
