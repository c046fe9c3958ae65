"""AWS Glue job that publishes a site about all published datasets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from pyspark.sql import SparkSession

from jobs.arguments import Arguments
from jobs.code_version import code_version
from jobs.job import Job
from jobs.report_data import find_published, missing_answers, read_datasets
from lake.ledger import StageResult
from lake.static_site import PublishedSite, publish_site
from reports.facts import DatasetFacts
from reports.site.drawing import Drawing
from reports.site.pages import Site, render_site
from transforms.datasets import dataset_names


def render(datasets: Sequence[DatasetFacts], drawing: Drawing, *, hash_pages: bool = False) -> Site:
    """Render the site of datasets. `drawing` has started to draw the charts of all datasets."""
    return render_site(
        datasets,
        drawing.finish(datasets),
        library=drawing.library(),
        version=code_version("reports"),
        written=datetime.now(timezone.utc),
        hash_pages=hash_pages,
    )


def publish_reports(spark: SparkSession, names: Sequence[str], *, target: str) -> PublishedSite:
    """Publish the site of published datasets to S3 or to a folder.

    Raises:
        SiteError: The target has files of another site, or cannot be read or written. The earlier site is
            unchanged.
        MissingAnswersError: An answer of a dataset has no table.
        AnswerTooLargeError: An answer has too many rows for a report.
    """
    with Drawing() as drawing:
        datasets = read_datasets(spark, names, on_read=drawing.start)
        site = render(datasets, drawing, hash_pages=True)
    return publish_site(site.files, index=site.index, target=target)


def publish_report(spark: SparkSession, args: Arguments) -> StageResult:
    """Publish the site of this dataset and of the other published datasets.

    A dataset of another workflow is left out if one of its answers has no table. The dataset of this workflow must
    have all answers.
    """
    if not args.report_to:
        return StageResult(notes=("skipped, because --report-to is not set",))
    published = find_published(spark, dataset_names(), only_published=True)
    # Another workflow may be between its stages, or may not yet have built a new answer.
    unready = [name for name in published if name != args.dataset and missing_answers(spark, name)]
    names = [name for name in published if name not in unready]
    outcome = publish_reports(spark, names, target=args.report_to)
    counts = f"{outcome.written} files written, {outcome.unchanged} unchanged"
    left_out = [f"datasets without a table for each answer are left out: {', '.join(unready)}"] if unready else []
    return StageResult(notes=(f"{outcome.index}: {counts}", *left_out))


JOB = Job("report", {"publish_report": publish_report}, title="{dataset}_report")


if __name__ == "__main__":
    JOB.main()
