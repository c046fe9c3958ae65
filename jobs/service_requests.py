"""AWS Glue job that reads files and events of 3-1-1 services and computes answers."""

from jobs.stages import dataset_job
from transforms.datasets.service_requests import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
