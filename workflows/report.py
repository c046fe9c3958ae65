"""Write the reports of datasets to a site."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from jobs.code_version import code_version
from reports.site.drawing import Drawing
from reports.site.pages import render_site
from reports.site.write import require_site_or_empty, write_site
from reports.workbook.write import workbook_paths, write_workbook
from workflows.output import FINE, print_plain, working
from workflows.report_data import find_published, read_datasets
from workflows.session import short_session


@dataclass(frozen=True)
class Outputs:
    """The targets of reports. An output without a target is not written.

    Attributes:
        site: The folder of the static site.
        excel: The path of the Excel workbook of one dataset, or the folder of the workbooks of several datasets.
    """

    site: str | None = None
    excel: str | None = None


def write_reports(
    names: Sequence[str], outputs: Outputs, *, only_published: bool, warehouse: str, quiet: bool = False
) -> int:
    """Write the reports of datasets. Nothing is written before all tables are read.

    If `only_published` is true, datasets without a published table are left out.

    Raises:
        TargetError: A target has other files, or cannot be written.
        NotPublishedError: No run has published a dataset.
        MissingAnswersError: An answer of a dataset has no table.
        AnswerTooLargeError: An answer has too many rows for a report.
    """
    if outputs.site:
        require_site_or_empty(Path(outputs.site))
    workbooks = workbook_paths(names, outputs.excel) if outputs.excel else {}
    with ExitStack() as resources:
        drawing = resources.enter_context(Drawing()) if outputs.site else None
        spark = short_session(warehouse, quiet=quiet)
        with working("reading tables", quiet=quiet):
            published = find_published(spark, names, only_published=only_published)
            datasets = read_datasets(spark, published, on_read=drawing.start if drawing else None)
        if outputs.site and drawing:
            with working("drawing charts", quiet=quiet):
                site = render_site(
                    datasets,
                    drawing.pictures(),
                    library=drawing.library(),
                    version=code_version("reports"),
                    written=datetime.now(timezone.utc),
                )
            print_plain(f"site: {write_site(site, outputs.site)}")
        if outputs.excel:
            with working("writing workbooks", quiet=quiet):
                written = [write_workbook(dataset, workbooks[dataset.name]) for dataset in datasets]
            print_plain("\n".join(f"workbook: {path}" for path in written))
    for name in names:
        if name not in published:
            print_plain(f"{name} is left out, because it has never run.")
    return FINE
