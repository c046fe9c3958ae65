"""Find the landed cells of rows in quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lake.tables import exists, read, table_name
from reports.console import SourceCell, SourceRow
from transforms.dataset import Dataset
from transforms.dates import DATE_SYSTEM
from transforms.lossless import is_lossless
from transforms.schema import Field, change_schema
from transforms.sql import quoted

_CELL = "__cell_"
_EXACT_TYPES = {
    *("byte", "tinyint", "short", "smallint", "int", "integer", "long", "bigint", "decimal", "dec", "numeric"),
    *("boolean", "date", "timestamp", "timestamp_ltz", "timestamp_ntz"),
}


def source_cells(
    spark: SparkSession, dataset: Dataset, quarantine: DataFrame
) -> Mapping[SourceRow, Mapping[str, SourceCell]]:
    """Map each row to its cells, by the column of quarantine. Runs two Spark jobs.

    A cell is left out if it could show more than the published value:

    - The column, or the source column in any layout, is masked by the policy of the dataset.
    - The field can lose a part of the cell, because its `parse` is not marked with `transforms.lossless`.
    - The field rounds the cell, because its type is a float or double.
    - The published value is not the value that the field reads from the cell. For example, the function `build` of the
      dataset has changed the value.

    Text is left out too, because its published value already is the text of the cell. A cell that cannot be read is
    also left out. Quarantine itself has this cell in `_cast_failures`, if the dataset does not hide it.

    `quarantine` has the few rows to display. All these rows are collected.
    """
    raw, published = table_name("raw", dataset.name), quarantine.columns
    layouts = _visible_fields(dataset, published)
    if not exists(spark, raw) or "_ingested_at" not in published or not any(layouts.values()):
        return {}
    names = dict.fromkeys(field.name for fields in layouts.values() for field in fields)
    texts = (F.col(quoted(name)).cast("string").alias(name) for name in names)
    values = {_key(row): row for row in quarantine.select(*_source_row(), *texts).collect()}
    if not values:
        return {}
    landed = _landed_rows(read(spark, raw), values)
    readings = [_read_cells(landed, layout, fields) for layout, fields in layouts.items()]
    cells: dict[SourceRow, dict[str, SourceCell]] = {}
    for row in reduce(DataFrame.unionAll, [each for each in readings if each is not None]).collect():
        if (value := values.get(_key(row))) is not None:
            cells[_key(row)] = {
                cell["name"]: SourceCell(cell["source"], cell["cell"])
                for cell in row["cells"]
                if cell["cell"] is not None and cell["value"] is not None and cell["value"] == value[cell["name"]]
            }
    return cells


def _visible_fields(dataset: Dataset, columns: Sequence[str]) -> dict[str, list[Field]]:
    masked = {rule.column for rule in dataset.masking_policy}
    fields = [field for fields in dataset.layouts.values() for field in fields]
    hidden = {field.source.casefold() for field in fields if field.name in masked}
    return {
        layout: [
            field
            for field in fields
            if _keeps_meaning(field) and field.name in columns and field.source.casefold() not in hidden
        ]
        for layout, fields in dataset.layouts.items()
    }


def _keeps_meaning(field: Field) -> bool:
    """Return whether a value of the field tells everything that its cell tells."""
    type_name = field.type.split("(")[0].strip().casefold()
    return type_name in _EXACT_TYPES and (field.parse is None or is_lossless(field.parse))


def _source_row() -> list[Column]:
    return [F.col("_source_file"), F.col("_row_number"), F.unix_micros("_ingested_at").alias("_ingested")]


def _key(row: Row) -> SourceRow:
    return row["_source_file"], row["_row_number"], row["_ingested"]


def _landed_rows(raw: DataFrame, rows: Iterable[SourceRow]) -> DataFrame:
    """Return the landed rows. The result can have a few more rows, because each condition is on one column."""
    files, numbers, _ = zip(*rows, strict=True)
    landed = raw.where(F.col("_source_file").isin([*set(files)]) & F.col("_row_number").isin([*set(numbers)]))
    return landed if DATE_SYSTEM in raw.columns else landed.withColumn(DATE_SYSTEM, F.lit(None).cast("int"))


def _read_cells(landed: DataFrame, layout: str, fields: Sequence[Field]) -> DataFrame | None:
    """Read the fields of a layout. Each item of the array `cells` has a cell, and the value of the cell as text."""
    spellings = {name.casefold(): name for name in landed.columns}
    known = [
        replace(field, source=spellings[field.source.casefold()])
        for field in fields
        if field.source.casefold() in spellings
    ]
    if not known:
        return None
    cells = {f"{_CELL}{number}": F.col(quoted(field.source)) for number, field in enumerate(known)}
    keys = ("_source_file", "_row_number", "_ingested_at")
    rows = landed.where(F.col("_layout") == layout).withColumns(cells)
    typed = rows.transform(change_schema, fields=known, keep=[*keys, *cells])
    items = (
        F.struct(
            F.lit(field.name).alias("name"),
            F.lit(field.source).alias("source"),
            F.col(cell).alias("cell"),
            F.col(quoted(field.name)).cast("string").alias("value"),
        )
        for field, cell in zip(known, cells, strict=True)
    )
    return typed.select(*_source_row(), F.array(*items).alias("cells"))
