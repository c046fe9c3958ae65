"""Run the workflows of datasets on this machine, one after another in one Spark session, and print the outcome."""

from __future__ import annotations

import json
import shutil
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from ingest.samples import SampleError
from ingest.samples.files import MASKING_KEY
from jobs.arguments import new_run_id
from jobs.blocked import require_incremental
from jobs.stages import dataset_job
from jobs.status import status_of
from lake.session import lake_session
from transforms.datasets import load_dataset
from transforms.errors import CityLakeError
from workflows.check import require_valid_files, require_valid_functions
from workflows.checks.declaration import Declaration
from workflows.commands.options import SAMPLE_WAREHOUSE, SAMPLES, default_warehouse
from workflows.errors import WorkflowError
from workflows.model import REPORT_TO, SUITE_PARAMETER
from workflows.output import (
    FAILED,
    FINE,
    NEEDS_ATTENTION,
    print_error,
    print_plain,
    print_result,
    progress_console,
    working,
)
from workflows.overview import Overview, overviews_of
from workflows.parts import dataset_names, missing_sample, sample_writer, workflow_of
from workflows.progress import RunProgress, facts_of
from workflows.runner import run_workflow, spark_job_runner
from workflows.screens import attention_lines, run_screen
from workflows.session import start_fast

_SESSION = "Spark session"


@dataclass(frozen=True)
class Delivery:
    """The landed files of a dataset.

    Attributes:
        landing: The path of the landed files: a folder, a file or a glob pattern.
        masking_key: The file with the masking key, or None.
        report_to: The folder or the address on S3 to which the workflow publishes the site. None to publish no site.
        text_options: The options for the format of delimited text files.
        suite_parameters: The values of the suite parameters, by name.
    """

    landing: str
    masking_key: str | None = None
    report_to: str | None = None
    text_options: Mapping[str, str] = field(default_factory=dict)
    suite_parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the workflow that have a value."""
        suite = json.dumps(self.suite_parameters) if self.suite_parameters else None
        given = {"--masking-key": self.masking_key, REPORT_TO: self.report_to, SUITE_PARAMETER: suite}
        return {key: value for key, value in given.items() if value}


def run_on_samples(
    names: Sequence[str] | None = None,
    *,
    report_to: str | None = None,
    suite_parameters: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> int:
    """Run the workflows of datasets on samples, and print the outcome. By default, the workflows of all datasets run.

    A missing sample is written while Spark starts or while the workflows of earlier datasets run. If all datasets run,
    a dataset without a sample and without a generator is skipped with a message.

    Returns:
        1 if a workflow failed, 3 if a dataset needs attention, otherwise 0.

    Raises:
        SampleError: A dataset in `names` has neither a sample nor a generator.
        CheckError: The files of a dataset have mistakes.
    """
    chosen = dataset_names() if names is None else names
    lacking = [name for name in chosen if not _has_sample(name)]
    if lacking and names is not None:
        raise SampleError(rows=None, problem=missing_sample(lacking[0]))
    for name in lacking:
        print_error(f"skipped: {missing_sample(name)}")
    names = [name for name in chosen if name not in lacking]
    if not names:
        return FINE
    declarations = require_valid_files(names)
    start_fast()
    with ThreadPoolExecutor(max_workers=1) as writer:
        options = {"report_to": report_to, "suite_parameters": suite_parameters or {}}
        samples = {name: writer.submit(prepare_sample, name, **options) for name in names}
        deliveries = {name: sample.result for name, sample in samples.items()}
        return _run_datasets(
            deliveries, declarations, warehouse=SAMPLE_WAREHOUSE, has_report=bool(report_to), quiet=quiet
        )


def run_on_files(dataset: str, delivery: Delivery, *, warehouse: str, rebuild: bool, quiet: bool = False) -> int:
    """Run a dataset's workflow on landed files, and print the outcome.

    If `rebuild` is true, the workflow processes all rows and answers again.

    Returns:
        1 if the workflow failed, 3 if the dataset needs attention, otherwise 0.

    Raises:
        CheckError: The files of the dataset have mistakes.
        WorkflowError: A parameter of the workflow is missing.
    """
    declarations = require_valid_files([dataset])
    workflow = workflow_of(dataset)
    for key, description in workflow.required_parameters.items():
        if key not in delivery.parameters:
            raise WorkflowError(
                workflow=workflow.name, problem=f"the option {key} is missing. Its help text is: {description}"
            )
    has_report = bool(delivery.report_to)
    return _run_datasets(
        {dataset: lambda: delivery},
        declarations,
        warehouse=warehouse,
        rebuild=rebuild,
        has_report=has_report,
        quiet=quiet,
    )


def prepare_sample(dataset: str, **options: Any) -> Delivery:
    """Return the sample and the masking key of a dataset. If the sample does not exist, write the sample first.

    `options` has more attributes of the delivery.
    """
    folder = SAMPLES / "landing" / dataset
    if not folder.exists():
        partial = folder.with_name(f"{dataset}.partial")  # A run that was killed may have left an incomplete sample.
        if partial.exists():
            shutil.rmtree(partial)
        write = sample_writer(dataset)
        if write is None:
            raise SampleError(rows=None, problem=missing_sample(dataset))
        write(partial)
        partial.rename(folder)
    key = folder / MASKING_KEY
    return Delivery(str(folder), masking_key=str(key) if key.exists() else None, **options)


def _has_sample(dataset: str) -> bool:
    return (SAMPLES / "landing" / dataset).exists() or sample_writer(dataset) is not None


def resolve_dataset(
    dataset: str,
    *,
    warehouse: str,
    masking_key: str | None,
    suite_parameters: Mapping[str, Any],
    row_by_row: bool,
    quiet: bool,
) -> int:
    """Run the stages `resolve` and `curate` of a dataset, and print the results.

    Returns:
        3 if the dataset still needs attention, otherwise 0.

    Raises:
        NotIncrementalError: The dataset is not incremental.
        ExpectationsNotMetError: The rows still do not meet the suite.
    """
    require_incremental(load_dataset(dataset))
    job = dataset_job(load_dataset(dataset))
    key = Path(SAMPLES, "landing", dataset, MASKING_KEY)
    if not masking_key and warehouse == SAMPLE_WAREHOUSE and key.exists():
        masking_key = str(key)
    args = replace(
        job.parse(["--stage", "resolve", "--warehouse", warehouse]),
        stages=("resolve", "curate"),
        masking_key=masking_key,
        parameters=suite_parameters,
        row_by_row=row_by_row,
    )
    with working("starting Spark", quiet=quiet):
        spark = lake_session(warehouse)
    for entry in job.run(spark, args):
        print_plain(f"{entry.stage}: {', '.join(facts_of(entry))}")
    statuses = status_of(spark, [dataset])
    print_result(attention_lines(statuses))
    return NEEDS_ATTENTION if any(status.attention for status in statuses) else FINE


def _run_datasets(
    deliveries: Mapping[str, Callable[[], Delivery]],
    declarations: Sequence[Declaration],
    *,
    warehouse: str,
    rebuild: bool = False,
    has_report: bool = False,
    quiet: bool,
) -> int:
    enabling = [REPORT_TO] if has_report else []
    jobs = [job.name for name in deliveries for job in workflow_of(name).with_parameters(enabling).jobs]
    with RunProgress([_SESSION, *jobs], quiet=quiet) as progress:
        progress.start(_SESSION)
        began = time.monotonic()
        spark = lake_session(warehouse)
        progress.finish(_SESSION, seconds=time.monotonic() - began)
        progress.start("checking")
        require_valid_functions(spark, declarations)
        progress.watch(spark)
        errors = {}
        for name, delivery in deliveries.items():
            try:
                error = _run_dataset(spark, name, delivery(), warehouse=warehouse, rebuild=rebuild, progress=progress)
            except CityLakeError as raised:  # `delivery` raises an error if the sample cannot be written.
                error = raised
            if error:
                errors[name] = error
        progress.start("reading tables")
        overviews = [_mark_failed(item, errors) for item in overviews_of(spark, list(deliveries))]
    print_result(run_screen(overviews, warehouse=warehouse, show_command=_show_command([*deliveries], warehouse)))
    for error in errors.values():
        _print_run_error(error)
    if errors:
        return FAILED
    return NEEDS_ATTENTION if any(overview.status.attention for overview in overviews) else FINE


def _mark_failed(overview: Overview, errors: Mapping[str, Exception]) -> Overview:
    """Show the failure of a dataset whose failed run is not in the run ledger, for example because it has no sample."""
    status = overview.status
    if status.dataset not in errors or status.state in ("FAILED", "BLOCKED"):
        return overview
    attention = ("the run failed. The error is below", *status.attention)
    return replace(overview, status=replace(status, state="FAILED", attention=attention))


def _run_dataset(
    spark: SparkSession, name: str, delivery: Delivery, *, warehouse: str, rebuild: bool, progress: RunProgress
) -> Exception | None:
    """Run the workflow of a dataset. Return the error of the first job that failed, or None."""
    workflow = workflow_of(name).with_parameters(delivery.parameters)
    run_job = spark_job_runner(
        spark,
        workflow,
        landing=delivery.landing,
        warehouse=warehouse,
        run_id=new_run_id(),
        parameters=delivery.parameters,
        rebuild=rebuild,
        text_options={f"--{name}": value for name, value in delivery.text_options.items()},
    )
    results = run_workflow(workflow, run_job=run_job, report=progress.report)
    waiting = [job for job, result in results.items() if result.state == "NOT STARTED"]
    if waiting and any(result.error for result in results.values()):
        progress.note(f"not started: {', '.join(waiting)}")
    return next((result.error for result in results.values() if result.error), None)


def _show_command(names: Sequence[str], warehouse: str) -> str:
    option = "" if warehouse == default_warehouse(None) else f" --warehouse {warehouse}"
    return f"citylake show {names[0] if len(names) == 1 else 'DATASET'}{option}"


def _print_run_error(error: Exception) -> None:
    if isinstance(error, CityLakeError):
        print_error(error)
    else:
        text = "".join(traceback.format_exception(error))
        progress_console().print(text, markup=False, soft_wrap=True)
