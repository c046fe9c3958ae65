"""AWS Glue job that reads landed workbooks and computes the completion rate of applications.

The answers contain no personal data.
"""

from jobs.stages import dataset_job
from transforms.datasets.registrar import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
