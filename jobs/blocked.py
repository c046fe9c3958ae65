"""Block increments that fail validation, and resolve blocked increments.

The rows of a blocked increment are parked in quarantine. The dataset stays blocked while rows are parked. Parked rows
leave quarantine if newer revisions replace the rows, or if `citylake resolve` or a full refresh publishes the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.bits import FAILED, QUARANTINED
from expectations.errors import ExpectationsNotMetError
from expectations.gate import Gate
from ingest.raw import read_raw
from jobs.progress import Block, Progress
from jobs.revisions import SOURCE_ROW, STAGED, first_rows, resolve_revisions, stage_quarantine, with_positions
from lake.evolution import has_schema
from lake.ledger import StageResult
from lake.staging import REQUESTED as REQUESTED
from lake.staging import Staged, stage_nothing
from lake.tables import DATA_VERSION, data_version, exists, read
from transforms.dataset import Dataset
from transforms.errors import CityLakeError

if TYPE_CHECKING:
    from jobs.publisher import Publisher

BLOCKED_BY = "_blocked_by"
"""Column of quarantine: the expectations that blocked the increment of the row. Null for a row that is not parked."""

RESOLVE_ROW_BY_ROW = "resolve row by row"
"""Value of the snapshot property `REQUESTED`. Like a refresh, it also stages rows that an earlier run has processed."""


def not_parked() -> Column:
    """Return the value of the column `_blocked_by` for a row that is not parked: a typed null."""
    return F.lit(None).cast("array<string>")


def block(
    publisher: Publisher, staged: Staged, gate: Gate, failures: Mapping[str, str], result: StageResult
) -> StageResult:
    """Block staged rows, and return the result with the error.

    Rows: all rows of a new increment are parked in quarantine, and the watermark moves past these rows. If a person
    requested the run, or if the dataset is not incremental, the rows stay on their branch and no table changes.
    """
    examples = first_rows(gate.rows_for_quarantine(staged.rows()))
    lines = [f"{line}. First in {examples[id_]}" if id_ in examples else line for id_, line in failures.items()]
    blocked = replace(result, rows_out=0, verdict="blocked")
    if publisher.dataset.is_incremental and REQUESTED not in staged.properties:
        parked = _park(publisher, staged, gate, failures)
        return replace(blocked, rows_quarantined=parked, error=_describe_block(publisher, lines))
    staged.mark_blocked()
    hint = {"hint": _hint(publisher.dataset.name)} if publisher.dataset.is_incremental else {}
    error = ExpectationsNotMetError(suite=publisher.dataset.name, failures=lines, location=staged.location, **hint)
    return replace(blocked, error=error)


def blocked_before(publisher: Publisher, progress: Progress | None) -> StageResult | None:
    """Return a blocked result if this run has already been blocked. Otherwise return None.

    AWS Glue retries a failed job with the same run id. The blocked rows are already parked, so the retry finds no new
    rows. The retry must fail too.
    """
    if progress is None or progress.block is None or progress.block.run_id != publisher.run_id:
        return None
    return StageResult(verdict="blocked", error=_describe_block(publisher, progress.block.reasons))


class NotIncrementalError(CityLakeError, ValueError):
    """The stage `resolve` was started for a dataset that is not incremental. No table has changed."""


def require_incremental(dataset: Dataset) -> None:
    """Raise an error if a dataset is not incremental, because only incremental datasets have parked rows.

    Raises:
        NotIncrementalError: The dataset is not incremental.
    """
    if not dataset.is_incremental:
        raise NotIncrementalError(
            where=f"resolve {dataset.name}",
            problem="the dataset is not incremental, so a blocked run parks no rows. Correct the file, the suite or "
            "the code, and run the job again.",
        )


def resolve(publisher: Publisher, *, row_by_row: bool = False) -> StageResult:
    """Build the parked rows again with the current code, and publish the rows if the rows meet the current suite.

    If the rows do not meet the suite, the rows stay parked. If a blocked run was a full refresh, or if the columns of
    trusted change, the function runs a full refresh instead.

    Args:
        publisher: The publisher of the dataset.
        row_by_row: Publish every row that meets the row-level expectations, even if the parked rows as a whole do not
            meet the suite. The remaining rows stay in quarantine as failed rows, and are no longer parked.

    Raises:
        NotIncrementalError: The dataset is not incremental.
    """
    require_incremental(publisher.dataset)
    progress = publisher.progress()
    if progress is None or progress.block is None:
        return StageResult(notes=("no increment is blocked",))
    publisher.require_same_key(progress)
    request = RESOLVE_ROW_BY_ROW if row_by_row else "resolve"
    if progress.block.needs_full_refresh or publisher.is_half_published(progress):
        return publisher.finish(publisher.stage(full_refresh=True, request=request))
    parked = read(publisher.spark, publisher.quarantine).where(F.col(BLOCKED_BY).isNotNull()).select(*SOURCE_ROW)
    ingests = [row[0] for row in parked.select(F.unix_micros("_ingested_at")).distinct().collect()]
    # Read all rows of each ingest that has parked rows. The build may need all rows of a file to compute the date of
    # one row.
    raw = read_raw(publisher.spark, publisher.dataset.name)
    raw = replace(raw, rows=raw.rows.where(F.unix_micros("_ingested_at").isin(ingests)))
    candidates = publisher.candidates(raw, source_rows=parked)
    if not has_schema(publisher.spark, publisher.trusted, candidates.schema):
        return publisher.finish(publisher.stage(full_refresh=True, request=request))
    staged = publisher.write(candidates, watermark=progress.watermark, is_append=True, request=request)
    return publisher.finish(replace(staged, rows_in=parked.count()))


def _park(publisher: Publisher, staged: Staged, gate: Gate, failures: Mapping[str, str]) -> int:
    before, after, spark = publisher.progress(), Progress.from_properties(staged.properties), publisher.spark
    watermark = before.watermark if before else -1
    is_new = F.unix_micros("_ingested_at") > watermark  # a full refresh also stages rows up to the watermark
    rows = with_positions(staged.rows()).where(is_new).withColumn(QUARANTINED, F.lit(True))
    quarantine = _read_quarantine(publisher)
    key, order_by = publisher.dataset.key, publisher.dataset.revision_order
    with resolve_revisions(rows, trusted=None, quarantine=quarantine, key=key, order_by=order_by) as revisions:
        new = gate.with_failed_ids(revisions.drop_superseded(rows, origin=STAGED)).withColumns(
            {FAILED: F.coalesce(FAILED, _text_array(())), BLOCKED_BY: _text_array(failures)}
        )
        rejects = stage_quarantine(new, quarantine, revisions, table=publisher.quarantine, run_id=publisher.run_id)
        parked = revisions.count(STAGED, is_failed=True, is_kept=True)
    needed_before = bool(before and before.block and before.block.needs_full_refresh)
    needs_full_refresh = needed_before or bool(before and not staged.is_append)
    block = Block(publisher.run_id, tuple(failures.values()), needs_full_refresh=needs_full_refresh)
    progress = replace(before or after, watermark=after.watermark, block=block)
    version = {DATA_VERSION: data_version(spark, publisher.trusted)} if before else {}
    unchanged = stage_nothing(spark, publisher.trusted, run_id=publisher.run_id)
    staged.require_current()
    if rejects:
        rejects.publish(properties={DATA_VERSION: str(rejects.snapshot)})
    unchanged.publish(properties={**progress.to_properties(), **version})
    return parked


def _read_quarantine(publisher: Publisher) -> DataFrame | None:
    is_published = exists(publisher.spark, publisher.quarantine)
    return with_positions(read(publisher.spark, publisher.quarantine)) if is_published else None


def _describe_block(publisher: Publisher, lines: Sequence[str]) -> ExpectationsNotMetError:
    name, location = publisher.dataset.name, f"{publisher.quarantine}, parked"
    return ExpectationsNotMetError(suite=name, failures=lines, location=location, hint=_hint(name))


def _hint(name: str) -> str:
    return f"Deliver newer revisions of the rows. Or correct the suite or the code, and run: citylake resolve {name}."


def _text_array(texts: Iterable[str]) -> Column:
    return F.array(*map(F.lit, texts)).cast("array<string>")
