"""AWS Glue job: landed workbooks to application completion rates, with no personal data."""

from jobs.stages import dataset_job
from transforms.datasets.registrar import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
