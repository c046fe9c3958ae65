"""AWS Glue job that computes application completion rates from landed workbooks. The rates show no personal data."""

from jobs.stages import dataset_job
from transforms.datasets.registrar import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
