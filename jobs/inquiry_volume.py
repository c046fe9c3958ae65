"""AWS Glue job: landed files to the volume and share of inquiries."""

from jobs.stages import dataset_job
from transforms.datasets.inquiry_volume import DATASET

JOB = dataset_job(DATASET)

if __name__ == "__main__":
    JOB.main()
