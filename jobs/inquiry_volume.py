"""AWS Glue job that computes the volume and share of inquiries from landed files."""

from jobs.stages import dataset_job
from transforms.datasets.inquiry_volume import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
