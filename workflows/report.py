"""Write the reports of datasets to a site."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from jobs.code_version import code_version
from lake.static_site import publish_site
from reports.facts import DatasetFacts
from reports.grafana.write import require_folder, write_dashboards
from reports.site.drawing import Drawing
from reports.site.pages import Site, render_site
from reports.site.write import require_site_or_empty, write_site
from workflows.output import FINE, print_plain, working
from workflows.parts import report_of
from workflows.report_data import find_published, read_datasets
from workflows.session import short_session


@dataclass(frozen=True)
class Outputs:
    """The targets of reports. An output without a target is not written.

    Attributes:
        site: The folder of the static site.
        grafana: The folder of the dashboards for Grafana.
    """

    site: str | None = None
    grafana: str | None = None

    @property
    def need_tables(self) -> bool:
        """Whether an output displays rows of tables. Dashboards need only the declarations of reports."""
        return self.site is not None


def write_reports(
    names: Sequence[str], outputs: Outputs, *, only_published: bool, warehouse: str, quiet: bool = False
) -> int:
    """Write the reports of datasets. Nothing is written before all tables are read.

    If `only_published` is true, datasets without a published table are left out. Dashboards are written for all
    datasets, because they can be imported before the first run.

    Raises:
        TargetError: A target has other files, or cannot be written.
        NotPublishedError: No run has published a dataset.
        MissingAnswersError: An answer of a dataset has no table.
        AnswerTooLargeError: An answer has too many rows for a report.
    """
    if outputs.site:
        require_site_or_empty(Path(outputs.site))
    if outputs.grafana:
        require_folder(Path(outputs.grafana))
    if not outputs.need_tables:
        _write_dashboards(names, outputs)
        return FINE
    with ExitStack() as resources:
        drawing = resources.enter_context(Drawing()) if outputs.site else None
        spark = short_session(warehouse, quiet=quiet)
        with working("reading tables", quiet=quiet):
            published = find_published(spark, names, only_published=only_published)
            datasets = read_datasets(spark, published, on_read=drawing.start if drawing else None)
        if outputs.site and drawing:
            site = _render(datasets, drawing, hash_pages=False, quiet=quiet)
            print_plain(f"site: {write_site(site, outputs.site)}")
    _write_dashboards(names, outputs)
    for name in names:
        if name not in published:
            print_plain(f"{name} is left out, because it has never run.")
    return FINE


def publish_reports(
    names: Sequence[str], *, only_published: bool, target: str, warehouse: str, quiet: bool = False
) -> int:
    """Publish the site of datasets to S3 or to a folder.

    Raises:
        SiteError: The target has another index page, or cannot be read or written. The earlier site is unchanged.
        NotPublishedError: No run has published a dataset.
        MissingAnswersError: An answer of a dataset has no table.
        AnswerTooLargeError: An answer has too many rows for a report.
    """
    with Drawing() as drawing:
        spark = short_session(warehouse, quiet=quiet)
        with working("reading tables", quiet=quiet):
            published = find_published(spark, names, only_published=only_published)
            datasets = read_datasets(spark, published, on_read=drawing.start)
        site = _render(datasets, drawing, hash_pages=True, quiet=quiet)
    with working(f"writing to {target}", quiet=quiet):
        outcome = publish_site(site.files, index=site.index, target=target)
    print_plain(f"site: {outcome.index} ({outcome.written} files written, {outcome.unchanged} unchanged)")
    return FINE


def _render(datasets: Sequence[DatasetFacts], drawing: Drawing, *, hash_pages: bool, quiet: bool) -> Site:
    with working("drawing charts", quiet=quiet):
        return render_site(
            datasets,
            drawing.pictures(),
            library=drawing.library(),
            version=code_version("reports"),
            written=datetime.now(timezone.utc),
            hash_pages=hash_pages,
        )


def _write_dashboards(names: Sequence[str], outputs: Outputs) -> None:
    if not outputs.grafana:
        return
    from reports.grafana.dashboard import render_dashboard

    dashboards = {name: render_dashboard(name, report_of(name)) for name in names}
    for path in write_dashboards(dashboards, outputs.grafana):
        print_plain(f"dashboard: {path}")
