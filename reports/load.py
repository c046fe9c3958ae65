"""Load the report of a dataset."""

from __future__ import annotations

from importlib import import_module

from reports.answer import Report


def load_report(dataset: str) -> Report:
    """Return the declaration of a dataset's report. It is in the module with the name of the dataset.

    >>> load_report("contact_centre").title
    'Contact centre'
    """
    report: Report = import_module(f"reports.{dataset}").REPORT
    return report
