"""Write each answer as a csv file, with all rows and all columns."""

from __future__ import annotations

from collections.abc import Sequence

from reports.facts import DatasetFacts
from reports.records import to_csv


def csv_files(datasets: Sequence[DatasetFacts]) -> dict[str, str]:
    """Return a csv file for each answer, by the name of the file.

    The rows are in the order of the answer. The columns have the names in `Answer.exported_as`. Dates are in ISO form,
    and a missing value is empty.
    """
    files = {}
    for dataset in datasets:
        for rows in dataset.answers:
            answer = rows.answer
            names = {name: answer.exported_name(name) for name in rows.schema.fieldNames()}
            records = [{exported: row[name] for name, exported in names.items()} for row in rows.rows]
            files[f"{dataset.name}_{answer.name}.csv"] = to_csv(records, [*names.values()])
    return files
