"""AWS Glue job that reads landed files and computes the number and percentage of inquiries."""

from jobs.stages import dataset_job
from transforms.datasets.inquiry_volume import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
