"""AWS Glue job that reads landed workbooks and computes the percentage of handled calls."""

from jobs.stages import dataset_job
from transforms.datasets.contact_centre import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
