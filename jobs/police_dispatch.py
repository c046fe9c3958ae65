"""AWS Glue job that makes answers from dispatched incidents. Some incidents arrive late, twice or with corrections.

The stages have the names of a truncate-and-reload workflow: crawl, clear, create, check quality, publish. But no stage
empties a table that people read. `clear` drops the branches that earlier runs left behind. `create` adds rows to raw,
and writes new rows to a branch of trusted. `check_quality` validates the rows of this branch. `publish` changes each
table in one commit.
"""

from jobs.stages import dataset_job
from transforms.datasets.police_dispatch import DATASET

STAGES = ("crawl", "clear", "create", "check_quality", "publish", "curate")
JOB = dataset_job(DATASET, stages=STAGES)

if __name__ == "__main__":
    JOB.main()
