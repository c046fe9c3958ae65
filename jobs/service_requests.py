"""AWS Glue job that makes answers from files and events of a city's 3-1-1 service."""

from jobs.stages import dataset_job
from transforms.datasets.service_requests import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
