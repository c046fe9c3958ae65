"""AWS Glue job that runs the stages of any dataset. The argument `--dataset` names the dataset."""

from __future__ import annotations

from functools import partial

from pyspark.sql import SparkSession

from jobs.arguments import Arguments
from jobs.job import Job
from jobs.stages import DATASET_STAGES, dataset_job
from lake.ledger import StageResult
from transforms.datasets import load_dataset


def run_stage(stage: str, spark: SparkSession, args: Arguments) -> StageResult:
    """Run a stage of the dataset that `--dataset` names."""
    return dataset_job(load_dataset(args.dataset)).stages[stage](spark, args)


JOB = Job("dataset", {stage: partial(run_stage, stage) for stage in DATASET_STAGES})

if __name__ == "__main__":
    JOB.main()
