"""Workflow of the service requests."""

from transforms.datasets.service_requests import DATASET
from workflows.model import linear_workflow

WORKFLOW = linear_workflow(DATASET)
