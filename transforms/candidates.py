"""Build the candidates for trusted from raw rows: cast, build, mask, drop superseded rows, complete."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.combine import union_by_name
from transforms.dataset import Dataset
from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows
from transforms.errors import RowLossError, SchemaMismatchError
from transforms.masking import mask
from transforms.names import require_columns
from transforms.row_loss import find_row_loss
from transforms.schema import CAST_FAILURES, CAST_WARNINGS, REPORT_TYPE, Field, change_schema
from transforms.sql import quoted

MALFORMED_RECORD, LAYOUT = "_malformed_record", "_layout"
REPORTS = (CAST_FAILURES, CAST_WARNINGS)


def build_candidates(
    raw: DataFrame,
    *,
    dataset: Dataset,
    masking_key: bytes | None = None,
    layouts: Collection[str] | None = None,
) -> DataFrame:
    """Build the candidates for trusted from raw rows.

    Rows: one for each raw row that is not superseded (`drop_superseded_rows`). A key that was delivered twice has two
    rows, and the publisher keeps the latest valid row. If the layouts are cast separately, a row whose `_layout` is not
    a layout of the dataset is kept, but all its fields are null. Such a row has no key, so it is quarantined.

    Columns: `dataset.columns`, then

    - the columns of `LINEAGE_COLUMNS`.
    - `_cast_failures`: malformed records, and cells of required fields that could not be read.
    - `_cast_warnings`: cells of optional fields that could not be read. The row can still be valid.

    The columns of the masking policy are masked. If there is a policy, the last two columns show only values of
    `visible_failure_columns`.

    Args:
        raw: The raw rows.
        dataset: The definition of the dataset.
        masking_key: The key of the hash, if the dataset uses one.
        layouts: The layouts that the rows have [default: all layouts]. If the layouts have different rules, the query
            plan contains only these layouts. Raw can lack the columns of all other layouts.

    Raises:
        MissingColumnError: Raw lacks a column of a layout, or the rows lack a column of `dataset.columns`.
        SchemaMismatchError: A function of the dataset drops a column that later steps need, such as `_source_file`.
        RowLossError: A function of the dataset removes rows, for example with a filter.
    """
    typed = _cast(raw, dataset, layouts=dataset.layouts.keys() if layouts is None else layouts)
    rows = _apply(dataset.build, typed)
    if dataset.masking_policy:
        rows = mask(
            rows,
            policy=dataset.masking_policy,
            key=masking_key,
            visible_failure_columns=dataset.visible_failure_columns,
        )
    rows = _apply(dataset.complete, drop_superseded_rows(rows, key=dataset.key))
    own = dataset.columns or tuple(name for name in rows.columns if not name.startswith("_"))
    require_columns(rows, own, where=f"dataset {dataset.name}")
    return rows.select(*map(quoted, own), *LINEAGE_COLUMNS, *REPORTS)


def _cast(raw: DataFrame, dataset: Dataset, *, layouts: Collection[str]) -> DataFrame:
    """Cast the fields of all layouts, and apply the rules of each layout.

    If a field is the same in all layouts that have it, and no layout has rules, all rows are cast in one pass.
    """
    raw = _add_absent_columns(raw, dataset.layouts, layouts=layouts)
    fields = {name: _match_spelling(raw, fields) for name, fields in dataset.layouts.items()}
    distinct = set(chain(*fields.values()))
    types = {field.name: field.type for field in distinct}
    if dataset.build_layout is None and len(types) == len(distinct):
        return _change_schema(_null_other_cells(raw, fields), [*dict.fromkeys(chain(*fields.values()))])
    used = [name for name in fields if name in layouts] or [*fields]
    frames = []
    for name in used:
        rows = _pad(_change_schema(raw.where(F.col(LAYOUT) == name), fields[name]), types)
        frames.append(_apply(dataset.build_layout, rows, name) if dataset.build_layout else rows)
    is_other = ~F.coalesce(F.col(LAYOUT).isin(*used), F.lit(False))
    return union_by_name(*frames, _pad(_change_schema(raw.where(is_other), []), dict(frames[0].dtypes)))


def _add_absent_columns(
    raw: DataFrame, fields: Mapping[str, Sequence[Field]], *, layouts: Collection[str]
) -> DataFrame:
    """Add the columns that raw lacks because no file of their layouts has been ingested. The columns are null."""
    present = {name.casefold() for name in raw.columns}
    present |= {field.source.casefold() for name in fields.keys() & {*layouts} for field in fields[name]}
    absent = {field.source.casefold(): field.source for field in chain(*fields.values())}
    return _pad(raw, {name: "string" for folded, name in absent.items() if folded not in present})


def _null_other_cells(raw: DataFrame, fields: Mapping[str, Sequence[Field]]) -> DataFrame:
    """Replace the cells that the layout of a row does not have by null.

    A file can have a column that only another layout declares. This layout does not publish the column.
    """
    if LAYOUT not in raw.columns:
        return raw
    layouts: dict[str, list[str]] = {}
    for name, declared in fields.items():
        for source in {field.source for field in declared}:
            layouts.setdefault(source, []).append(name)
    partial = {source: names for source, names in layouts.items() if source in raw.columns and len(names) < len(fields)}
    return raw.withColumns(
        {source: F.when(F.col(LAYOUT).isin(names), F.col(quoted(source))) for source, names in partial.items()}
    )


def _change_schema(raw: DataFrame, fields: Sequence[Field]) -> DataFrame:
    keep = [name for name in (LAYOUT, *LINEAGE_COLUMNS) if name != LAYOUT or LAYOUT in raw.columns]
    rows = change_schema(raw, fields=fields, keep=keep, malformed=MALFORMED_RECORD)
    return _pad(rows, dict.fromkeys(REPORTS, REPORT_TYPE))


def _pad(rows: DataFrame, types: Mapping[str, str]) -> DataFrame:
    """Add the columns that the rows lack. The new columns are null."""
    lacking = {name: type_ for name, type_ in types.items() if name not in rows.columns}
    return rows.withColumns({name: F.lit(None).cast(type_) for name, type_ in lacking.items()})


def _match_spelling(raw: DataFrame, fields: Sequence[Field]) -> list[Field]:
    """Return the fields. The name of each source column gets the spelling in raw.

    If a column name differs only in capitals between two files, raw has one column with the spelling of the first file.
    """
    spellings = {name.casefold(): name for name in raw.columns}
    return [replace(field, source=spellings.get(field.source.casefold(), field.source)) for field in fields]


def _apply(function: Callable[..., DataFrame], rows: DataFrame, *arguments: str) -> DataFrame:
    """Apply a function of a dataset, and check that the result has all rows, and all columns that later steps need."""
    built, where = function(rows, *arguments), f"the function {getattr(function, 'func', function).__name__}"
    needed = [name for name in (LAYOUT, *LINEAGE_COLUMNS, *REPORTS) if name in rows.columns]
    if dropped := [name for name in needed if name not in built.columns]:
        raise SchemaMismatchError(
            where=where,
            got=f"rows without the columns {dropped}",
            expected="rows that keep these columns",
            hint="Add columns with withColumns, and remove columns with drop_fields. A select drops all other columns.",
        )
    if loss := find_row_loss(built, source=rows):
        raise RowLossError(
            where=where,
            problem=f"it {loss}, but it must keep all rows. A removed row is neither in trusted nor in quarantine. "
            "To send rows to quarantine, add an expectation to the suite. To leave rows out "
            "of an answer, filter them in the function of the answer.",
        )
    return built
