"""AWS Glue job that computes the percentage of calls handled from landed workbooks."""

from jobs.stages import dataset_job
from transforms.datasets.contact_centre import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
