"""Draw rows from landed files of a dataset, and write them as csv files."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path, PurePosixPath

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest.errors import LandedFilesError, LandingError
from ingest.formats import EXPECTED_FORMATS, check_file, is_readable, read_files
from ingest.json_lines import OTHER_FIELDS
from ingest.storage import list_files
from transforms.dataset import Dataset
from transforms.schema import Field
from transforms.sql import quoted
from transforms.text import BLANK_CHARACTERS

_MODIFIED_AT = 1_727_800_000
"""The modification time of a sample. It is fixed, because equal seeds must give equal files."""

_MAX_FEW_VALUES = 12
_KEY_SEPARATOR = "\u001f"
_FILE, _SOURCE, _ROW, _LAYOUT = "_sample", "_source_file", "_row_number", "_layout"


@dataclass(frozen=True)
class SampleColumn:
    """A column of a sample file.

    Attributes:
        source: The name in the header.
        fields: The names of the fields that are read from the column.
        type: The type of the fields. `string` only if all fields are text.
    """

    source: str
    fields: frozenset[str]
    type: str


@dataclass
class SampleFile:
    """The drawn rows of one file.

    Attributes:
        name: The name of the sample file.
        columns: The columns of the layout of the file.
        rows: The cells of each row, in the order of `columns`. An empty cell is an empty text.
    """

    name: str
    columns: tuple[SampleColumn, ...]
    rows: list[list[str]]


def read_source(spark: SparkSession, paths: Sequence[str], *, dataset: Dataset) -> DataFrame:
    """Read files of all landing formats as one frame.

    Rows: the records of all files, except malformed records.

    Columns: `_source_file`, `_layout`, `_row_number`, `_sample` (the file, or the layout of an event), and one text
    column for each source column of the layouts. Names that differ only in case are one column. Columns that no layout
    has are dropped, because the masking policy does not know them.

    Raises:
        LandingError: A path does not exist, or has no file in a format that can be read.
        LandedFileError, LandedFilesError: A file cannot be read, or lacks columns of every layout.
    """
    files = [file for path in paths for file in list_files(path) if is_readable(file.name)]
    if not files:
        problem = f"no file has a readable format. Expected {EXPECTED_FORMATS}."
        raise LandingError(landing=", ".join(paths), problem=problem)
    layouts = dataset.source_columns
    reading = read_files(spark, files, dataset=dataset.name, layouts=layouts, text_format=dataset.text_format)
    for file, header in reading.headers.items():
        check_file(spark, file, header)
    if reading.unread:
        reasons = [f"{file.name}: {reason}" for file, reason in reading.unread.items()]
        raise LandedFilesError(dataset=dataset.name, problems=reasons)
    wanted = {name.casefold(): name for columns in layouts.values() for name in reversed(columns)}
    frames = []
    for frame in reading.frames:
        present = {name.casefold(): name for name in frame.columns}
        cells = [
            (F.col(quoted(present[folded])) if folded in present else F.lit(None).cast("string")).alias(name)
            for folded, name in wanted.items()
        ]
        # Events are in many small files. Their rows go to one sample file for each layout.
        sample = _LAYOUT if OTHER_FIELDS in frame.columns else _SOURCE
        known = (F.col(sample).alias(_FILE), F.col(_SOURCE), F.col(_LAYOUT), F.col(_ROW))
        frames.append(frame.where("_malformed_record IS NULL").select(*known, *cells))
    return reduce(DataFrame.unionByName, frames)


def draw(source: DataFrame, *, dataset: Dataset, rows: int, seed: int) -> list[SampleFile]:
    """Draw approximately `rows` rows. If a row is drawn, all rows with the same key are drawn, from all files.

    Each file gives its share of the rows, but at least one row. All events of a layout count as one file. The rows keep
    the order of their file. Runs two Spark jobs. The result depends only on the source and on the seed.
    """
    numbered = source.withColumn("_draw", F.xxhash64(F.lit(seed), _key_text(dataset)))
    total = source.count()
    own = Window.partitionBy(_FILE)
    share = F.greatest(F.lit(1), F.round(F.count(F.lit(1)).over(own) * min(rows / max(total, 1), 1)))
    rank = F.row_number().over(own.orderBy("_draw", _SOURCE, _ROW))
    drawn = numbered.select("_draw", rank.alias("rank"), share.alias("share")).where("rank <= share").select("_draw")
    found = numbered.join(drawn.distinct(), on="_draw", how="left_semi").collect()
    spellings = {name.casefold(): name for name in source.columns}
    files: dict[tuple[str, str], SampleFile] = {}
    names: set[str] = set()
    for row in sorted(found, key=lambda row: (row[_FILE], row[_SOURCE], row[_ROW])):
        key = (row[_FILE], row[_LAYOUT])
        if key not in files:
            columns = columns_of(dataset.layouts[row[_LAYOUT]])
            files[key] = SampleFile(_file_name(row[_FILE], names), columns, [])
        files[key].rows.append([row[spellings[column.source.casefold()]] or "" for column in files[key].columns])
    return list(files.values())


def write_files(files: Sequence[SampleFile], folder: Path, *, dataset: Dataset) -> None:
    """Write sample files as csv files. Equal rows give equal bytes."""
    text_format = dataset.text_format
    for file in files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding=text_format.encoding or "utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=text_format.delimiter or ",", lineterminator="\n")
            writer.writerow([column.source for column in file.columns])
            writer.writerows(file.rows)
        os.utime(path, (_MODIFIED_AT, _MODIFIED_AT))


def columns_of(fields: Sequence[Field]) -> tuple[SampleColumn, ...]:
    """Return the columns of a layout. Several fields can be read from one column."""
    columns = []
    for source in dict.fromkeys(field.source for field in fields):
        own = [field for field in fields if field.source == source]
        type_ = next((field.type for field in own if field.type != "string"), "string")
        columns.append(SampleColumn(source, frozenset(field.name for field in own), type_))
    return tuple(columns)


def known_values(source: DataFrame, values: Mapping[str, set[str]], *, dataset: Dataset) -> dict[str, set[str]]:
    """Return only the values that a source file has in their field. `values` maps field names to folded values."""
    spellings = {column.casefold(): column for column in source.columns}
    aggregates = []
    for name, wanted in values.items():
        columns = dict.fromkeys(spellings[field.source.casefold()] for field in dataset.fields if field.name == name)
        for column in columns:
            folded = F.lower(F.btrim(F.col(quoted(column)), F.lit(BLANK_CHARACTERS)))
            if wanted:
                aggregates.append((name, F.collect_set(F.when(folded.isin(*sorted(wanted)), folded))))
    found: dict[str, set[str]] = {name: set() for name in values}
    if aggregates:
        row = source.agg(*(column.alias(str(number)) for number, (_, column) in enumerate(aggregates))).first()
        for (name, _), present in zip(aggregates, row or (), strict=True):
            found[name] |= set(present)
    return found


def all_values(source: DataFrame, names: Sequence[str], *, dataset: Dataset) -> dict[str, list[str]]:
    """Return the different cells of fields in all rows, by field. Runs a Spark job for each column."""
    spellings = {column.casefold(): column for column in source.columns}
    found: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        for column in dict.fromkeys(spellings[each.source.casefold()] for each in dataset.fields if each.name == name):
            cells = source.select(F.col(quoted(column)).alias("cell")).where("cell IS NOT NULL").distinct()
            found[name] += sorted(row["cell"] for row in cells.collect())
    return found


def published_values(
    spark: SparkSession, candidates: Mapping[str, Sequence[str]], *, dataset: Dataset
) -> dict[str, frozenset[str]]:
    """Return the values that the masking action of their column leaves unchanged. Runs a Spark job for each column."""
    found = {}
    for rule in dataset.masking_policy:
        values = candidates.get(rule.column)
        if not values or rule.action == "drop":
            continue
        rows = spark.createDataFrame(
            [(value,) for value in values], T.StructType([T.StructField("value", T.StringType())])
        )
        try:
            masked = rows.select("value", rule.action(F.col("value")).alias("masked"))
        except AnalysisException:  # the action also reads other columns, or needs the masking key
            continue
        kept = masked.where(F.col("masked").cast("string") == F.col("value")).collect()
        found[rule.column] = frozenset(row["value"] for row in kept)
    return found


def few_values(source: DataFrame, *, columns: Sequence[str]) -> dict[str, list[str]]:
    """Return the values of each column that has at most `_MAX_FEW_VALUES` different values. Runs two Spark jobs."""
    spellings = {column.casefold(): column for column in source.columns}
    names = list(dict.fromkeys(spellings[column.casefold()] for column in columns))
    if not names:
        return {}
    counts = source.agg(*(F.approx_count_distinct(quoted(name)).alias(name) for name in names)).first()
    few = [name for name in names if counts and counts[name] <= _MAX_FEW_VALUES]
    sets = source.agg(F.lit(0), *(F.array_sort(F.collect_set(quoted(name))).alias(name) for name in few)).first()
    return {column: sets[name] for column in columns if sets and (name := spellings[column.casefold()]) in few}


def _key_text(dataset: Dataset) -> Column:
    """Return the cells of the key as one text. If a cell is blank or no cell has the key, each row has its own text."""
    own = F.concat_ws(_KEY_SEPARATOR, _SOURCE, F.col(_ROW).cast("string"))
    key = own
    for layout, fields in dataset.layouts.items():
        cells = [F.lower(F.trim(quoted(field.source))) for field in fields if field.name in dataset.key]
        if cells:
            is_whole = reduce(lambda rest, cell: rest & F.coalesce(cell != "", F.lit(False)), cells, F.lit(True))
            text = F.when(is_whole, F.concat_ws(_KEY_SEPARATOR, *cells)).otherwise(own)
            key = F.when(F.col(_LAYOUT) == layout, text).otherwise(key)
    return key


def _file_name(source: str, names: set[str]) -> str:
    stem = PurePosixPath(source).name.split(".")[0].replace(":", "-").lstrip("_") or "sample"
    name = next(
        name for number in range(1, len(names) + 2) if (name := f"{stem}{f'-{number}' * (number > 1)}.csv") not in names
    )
    names.add(name)
    return name
