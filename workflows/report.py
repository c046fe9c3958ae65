"""Write the reports of datasets: a site, workbooks, SQL files, dashboards and csv files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from jobs.report import publish_reports, render
from jobs.report_data import find_published, read_datasets
from reports.csv_files import csv_files
from reports.facts import DatasetFacts
from reports.site.drawing import Drawing
from reports.target import TargetFolder, require_separate
from reports.workbook.write import workbook_paths, write_workbook
from workflows.output import FINE, print_plain, working
from workflows.parts import report_of
from workflows.session import short_session


@dataclass(frozen=True)
class Outputs:
    """The targets of reports. An output without a target is not written.

    Attributes:
        site: The folder of the static site.
        excel: The path of the Excel workbook of one dataset, or the folder of the workbooks of several datasets.
        athena: The folder of the SQL files for Amazon Athena.
        redshift: The folder of the SQL files for Amazon Redshift.
        grafana: The folder of the dashboards for Grafana.
        csv: The folder of the csv files.
        csv_location: The folder of the csv files on S3. The SQL files for Athena refer to this folder.
    """

    site: str | None = None
    excel: str | None = None
    athena: str | None = None
    redshift: str | None = None
    grafana: str | None = None
    csv: str | None = None
    csv_location: str = ""

    @property
    def need_tables(self) -> bool:
        """Whether an output needs tables. Dashboards need only the declarations of reports."""
        return bool(self.site or self.excel or self.athena or self.redshift or self.csv)

    def targets(self) -> dict[str, TargetFolder]:
        """Return the folders that are written, by the name of the output."""
        targets = {}
        for name in ("site", "athena", "redshift", "grafana", "csv"):
            if path := getattr(self, name):
                option = "--to" if name == "site" else f"--{name}"
                targets[name] = TargetFolder(path, option=option, manifest=f"citylake-{name}.json")
        return targets


def write_reports(
    names: Sequence[str], outputs: Outputs, *, only_published: bool, warehouse: str, quiet: bool = False
) -> int:
    """Write the reports of datasets. Nothing is written before all tables are read.

    If `only_published` is true, datasets without a published table are left out. Dashboards are written for all
    datasets, because they can be imported before the first run.

    Raises:
        TargetError: A target has other files, overlaps another target, or cannot be written.
        NotPublishedError: No run has published a dataset.
        MissingAnswersError: An answer of a dataset has no table.
        AnswerTooLargeError: An answer has too many rows for a report.
    """
    targets = outputs.targets()
    workbooks = workbook_paths(names, outputs.excel) if outputs.excel else {}
    require_separate([*targets.values()], files=[str(path) for path in workbooks.values()])
    for target in targets.values():
        target.check()
    published: Sequence[str] = names
    datasets: list[DatasetFacts] = []
    with ExitStack() as resources:
        drawing = resources.enter_context(Drawing()) if outputs.site else None
        if outputs.need_tables:
            spark = short_session(warehouse, quiet=quiet)
            with working("reading tables", quiet=quiet):
                published = find_published(spark, names, only_published=only_published)
                datasets = read_datasets(spark, published, on_read=drawing.start if drawing else None)
        if drawing:
            with working("drawing charts", quiet=quiet):
                site = render(datasets, drawing)
            folder = targets["site"].write({**site.files, "index.html": site.index})
            print_plain(f"site: {folder / 'index.html'}")
    if outputs.excel:
        with working("writing workbooks", quiet=quiet):
            written = [write_workbook(dataset, workbooks[dataset.name]) for dataset in datasets]
        print_plain("\n".join(f"workbook: {path}" for path in written))
    for name, files in _text_files(names, datasets, outputs):
        print_plain(f"{name}: {targets[name].write(files)}")
    for name in names:
        if name not in published:
            print_plain(f"{name} is left out of everything that shows rows, because no run has published it.")
    return FINE


def publish_site_of(
    names: Sequence[str], *, only_published: bool, target: str, warehouse: str, quiet: bool = False
) -> int:
    """Publish the site of datasets to S3 or to a folder.

    Raises:
        SiteError: The target has files of another site, or cannot be read or written. The earlier site is
            unchanged.
        NotPublishedError: No run has published a dataset.
        MissingAnswersError: An answer of a dataset has no table.
        AnswerTooLargeError: An answer has too many rows for a report.
    """
    spark = short_session(warehouse, quiet=quiet)
    with working(f"publishing to {target}", quiet=quiet):
        published = find_published(spark, names, only_published=only_published)
        outcome = publish_reports(spark, published, target=target)
    print_plain(f"site: {outcome.index} ({outcome.written} files written, {outcome.unchanged} unchanged)")
    return FINE


def _text_files(
    names: Sequence[str], datasets: Sequence[DatasetFacts], outputs: Outputs
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the files of the SQL, dashboard and csv outputs. Each mapping has the text of each file by path."""
    if outputs.athena or outputs.redshift:
        from reports.sql.files import athena_files, redshift_files  # Import this module here, because it loads sqlglot.

        if outputs.athena:
            yield "athena", athena_files(datasets, location=outputs.csv_location)
        if outputs.redshift:
            yield "redshift", redshift_files(datasets)
    if outputs.grafana:
        from reports.grafana.dashboard import render_dashboard

        yield "grafana", {f"{name}.json": render_dashboard(name, report_of(name)) for name in names}
    if outputs.csv:
        yield "csv", csv_files(datasets)
