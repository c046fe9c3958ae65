"""AWS Glue job: files and events of a city's 3-1-1 service to answers."""

from jobs.stages import dataset_job
from transforms.datasets.service_requests import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
