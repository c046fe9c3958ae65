"""Workflow of the dispatched incidents.

The stages have the names of a truncate-and-reload workflow: crawl, clear, create, check quality, publish. But no stage
empties a table that people read. `clear` drops the branches that earlier runs left behind. `create` adds rows to raw,
and writes new rows to a branch of trusted. `check_quality` validates the rows of this branch. `publish` changes each
table in one commit.
"""

from transforms.datasets.police_dispatch import DATASET
from workflows.model import linear_workflow

WORKFLOW = linear_workflow(DATASET, stages=("crawl", "clear", "create", "check_quality", "publish", "curate"))
