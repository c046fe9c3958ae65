"""Publish new rows of raw to trusted and quarantine.

A full refresh stages all rows of raw. An incremental run stages only the new rows. Both kinds of run have three steps:

1. `stage` builds the new rows and marks the expectations that each row fails. For each key, `stage` keeps the latest
   valid revision. If the latest revision failed, `stage` keeps this failed revision too. `stage` writes the rows to a
   branch of trusted. Passing rows and failing rows are in separate partitions of the branch.
2. `validate` validates the rows. If an increment is blocked, `validate` parks the rows of the increment in quarantine.
3. In an incremental run, `publish` compares the staged rows of each key with the rows in trusted and quarantine, and
   decides which revisions to keep. In every run, `publish` commits quarantine first and trusted second.

The commit of trusted also stores the watermark as a property. A killed step can be repeated, even by a run with another
id. If the step was killed before the commit of trusted, the repeated step does the same work again. If the step was
killed after the commit of trusted, the repeated step finds nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.bits import QUARANTINED
from expectations.gate import Gate, compile_gate, is_mark
from expectations.standard import suite_of
from expectations.window import blocking_failures
from ingest.raw import RawRows, read_raw
from jobs.blocked import BLOCKED_BY, REQUESTED, RESOLVE_ROW_BY_ROW, block, blocked_before, not_parked
from jobs.code_version import code_version
from jobs.masking_key import MaskingKeyError, fingerprint
from jobs.progress import Progress, read_progress
from jobs.revisions import (
    QUARANTINE,
    SOURCE_ROW,
    STAGED,
    TRUSTED,
    pruning_condition,
    resolve_revisions,
    stage_quarantine,
    with_positions,
)
from lake.errors import NotStagedError
from lake.evolution import has_schema
from lake.ledger import StageResult, recent_validations
from lake.staging import Staged, find_staged, stage
from lake.tables import DATA_VERSION, data_version, last_properties, read, read_snapshot, row_count, table_name
from transforms.candidates import build_candidates
from transforms.dataset import Dataset
from transforms.dedupe import keep_latest

_VALIDATED_BY = "citylake.validated-by"
_FOLLOWS = "citylake.follows"
"""Snapshot property of quarantine: the id of the previous publish of trusted.

Only a run that a person requested sets the property.
"""


@dataclass(frozen=True)
class Publisher:
    """Publishes the trusted and quarantine tables of one dataset.

    Attributes:
        dataset: The dataset.
        run_id: The id of the run.
        masking_key: The masking key. None if the dataset is masked without a key, or is not masked.
        parameters: The values of the suite parameters, by name.
    """

    spark: SparkSession
    dataset: Dataset
    run_id: str
    masking_key: bytes | None = field(default=None, repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    _gates: list[Gate] = field(default_factory=list, repr=False, compare=False)

    @property
    def trusted(self) -> str:
        """The name of the trusted table."""
        return table_name("trusted", self.dataset.name)

    @property
    def quarantine(self) -> str:
        """The name of the quarantine table."""
        return table_name("quarantine", self.dataset.name)

    def progress(self) -> Progress | None:
        """Return the progress that is stored in the trusted table, or None before the first publish."""
        return read_progress(self.spark, self.trusted)

    def refine(self, *, full_refresh: bool = False) -> StageResult:
        """Stage, validate and publish the new rows."""
        return self.finish(self.stage(full_refresh=full_refresh))

    def stage(self, *, full_refresh: bool = False, request: str = "refresh") -> StageResult:
        """Build the new rows, mark the expectations that each row fails, and write the rows to a branch of trusted.

        Rows: the rows that were ingested into raw after the watermark. If raw has no new rows, nothing is written and
        `rows_out` is None. A full refresh stages all rows of raw. A run is a full refresh in each of these cases:

        - a full refresh is requested, or no run has published trusted
        - a file was delivered again with different content
        - the columns of trusted change
        - the dataset is not incremental
        - a run that a person requested was killed after it published quarantine and before it published trusted.

        The new content of a file can lack a row that superseded an earlier row. The earlier row must then be published.
        An incremental run does not stage the earlier row, so changed content causes a full refresh.

        Raises:
            MaskingKeyError: Trusted was masked with another key, and this run is not a full refresh.
        """
        progress = self.progress()
        if earlier_result := blocked_before(self, progress):
            return earlier_result
        raw, notes = self._new_rows(progress, full_refresh=full_refresh)
        if raw is None:
            return StageResult(rows_in=0, notes=("nothing is new in raw",))
        candidates = self.candidates(raw)
        if not raw.is_full_refresh and not has_schema(self.spark, self.trusted, candidates.schema):
            notes = ("full refresh, because the columns of trusted change",)
            raw = read_raw(self.spark, self.dataset.name)
            candidates = self.candidates(raw)
        result = self.write(
            candidates,
            watermark=raw.watermark,
            is_append=not raw.is_full_refresh,
            request=request if full_refresh else None,
        )
        return replace(result, rows_in=raw.count, notes=notes)

    def validate(self) -> StageResult:
        """Validate the staged rows. If a critical expectation is not met, no staged row is published.

        The rows of a blocked increment are parked in quarantine, with the ids of the expectations that blocked the
        increment. The watermark moves past the parked rows, so the next increment does not contain the parked rows. The
        dataset stays blocked until all parked rows are resolved or replaced by newer revisions. If a person requested
        the blocked run, or if the dataset is not incremental, no table changes.

        Raises:
            NotStagedError: No rows are staged, although raw has new rows.
        """
        progress = self.progress()
        if earlier_result := blocked_before(self, progress):
            return earlier_result
        if (staged := self._find_staged()) is None:
            return StageResult(notes=("nothing is staged",))
        rows, gate = staged.rows(), self._compile_gate(staged)
        validation = gate.validate(rows)
        min_rows = self.dataset.min_rows_for_mostly if self.dataset.is_incremental else 0
        is_small = validation.rows < min_rows and validation.failures()
        earlier = recent_validations(self.spark, self.dataset.name, min_rows=min_rows) if is_small else []
        failures = blocking_failures(validation, earlier_results=earlier, min_rows=min_rows)
        result = StageResult(
            rows_in=validation.rows,
            rows_out=validation.rows - validation.quarantined,
            rows_quarantined=validation.quarantined,
            verdict="met" if all(each["success"] for each in validation.results) else "met with warnings",
            validation_result=json.dumps(validation.to_json_dict(), ensure_ascii=False),
        )
        if failures and staged.properties.get(REQUESTED) != RESOLVE_ROW_BY_ROW:
            return block(self, staged, gate, failures, result)
        staged.add_properties({_VALIDATED_BY: self.run_id})
        return result

    def publish(self) -> StageResult:
        """Publish the validated rows to quarantine first, and to trusted second.

        Rows: trusted gets the latest valid revision of each key. If the latest revision of a key failed, this revision
        goes to quarantine.

        Raises:
            NotStagedError: The staged rows were not validated. Or no rows are staged, although raw has new rows.
            OvertakenError: Another run published after the rows were staged. This run publishes nothing.
        """
        if (staged := self._find_staged()) is None:
            return StageResult(notes=("nothing is staged",))
        if _VALIDATED_BY not in staged.properties:
            raise NotStagedError(table=self.trusted, problem=f"the rows in {staged.location} are not validated")
        before, rows_in = self.progress(), staged.row_count()
        blocked = before.block if before else None
        if staged.is_append:
            rejects, rows_out, parked = self._merge(staged, is_blocked=bool(blocked))
        else:
            rows = self._compile_gate(staged).rows_for_quarantine(staged.rows()).withColumn(BLOCKED_BY, not_parked())
            rejects, rows_out, parked = stage(self.spark, rows, table=self.quarantine, run_id=self.run_id), None, 0
        is_resolved = not parked and not (staged.is_append and blocked and blocked.needs_full_refresh)
        after = replace(Progress.from_properties(staged.properties), block=None if is_resolved else blocked)
        version = data_version(self.spark, self.trusted) if rows_out == 0 else str(staged.snapshot)
        staged.require_current()  # do not publish quarantine if trusted cannot be published
        snapshots: dict[str, int | None] = {}
        if rejects:
            # A requested run, such as resolve, may be killed after it publishes quarantine and before it publishes
            # trusted. The next run does not repeat the request. Without the property `_FOLLOWS`, the next run would
            # stage only the rows after the watermark. The property makes the next run a full refresh.
            follows = {_FOLLOWS: before.publish_id if before else ""} if REQUESTED in staged.properties else {}
            snapshots[self.quarantine] = rejects.publish(properties={DATA_VERSION: str(rejects.snapshot), **follows})
        properties = {**after.to_properties(), DATA_VERSION: version}
        snapshots[self.trusted] = staged.publish(exclude=QUARANTINED, properties=properties)
        if rows_out is None:
            rows_out = row_count(self.spark, self.trusted)
        return StageResult(rows_in=rows_in, rows_out=rows_out, snapshot_ids=snapshots)

    def finish(self, staged: StageResult) -> StageResult:
        """Validate and publish the staged rows. Return one result for the steps `stage`, `validate` and `publish`."""
        if staged.error or staged.rows_out is None:
            return staged
        validated = self.validate()
        result = replace(validated, rows_in=staged.rows_in, notes=staged.notes + validated.notes)
        if validated.error:
            return result
        published = self.publish()
        return replace(result, rows_out=published.rows_out, snapshot_ids=published.snapshot_ids)

    def _new_rows(self, progress: Progress | None, *, full_refresh: bool) -> tuple[RawRows | None, tuple[str, ...]]:
        """Read the new rows of raw, or all rows for a full refresh. Also return notes for the ledger.

        The rows are None if raw has no new rows.
        """
        if full_refresh or progress is None:
            return read_raw(self.spark, self.dataset.name), ()
        if self.is_half_published(progress):
            notes = ("full refresh, because a run was killed between publishing quarantine and publishing trusted",)
            return read_raw(self.spark, self.dataset.name), notes
        if not self.dataset.is_incremental:
            raw = read_raw(self.spark, self.dataset.name)
            state = (progress.watermark, progress.code, progress.masking_key)
            return (None if state == (raw.watermark, self._code, self._fingerprint) else raw), ()
        self.require_same_key(progress)
        raw = read_raw(self.spark, self.dataset.name, newer_than=progress.watermark)
        if raw.is_full_refresh:
            return raw, ("full refresh, because files were delivered again with different content",)
        return (raw if raw.count else None), ()

    def candidates(self, raw: RawRows, *, source_rows: DataFrame | None = None) -> DataFrame:
        """Build rows, mark the expectations that each row fails, and keep the latest valid revision of each key.

        Rows: the rows of `build_candidates`, without superseded revisions. If `source_rows` is given, only rows that
        were built from these landed rows are kept.
        """
        rows = build_candidates(raw.rows, dataset=self.dataset, masking_key=self.masking_key, layouts=raw.layouts)
        if source_rows is not None:
            rows = rows.join(source_rows, on=[*SOURCE_ROW], how="left_semi")
        gate = compile_gate(rows, suite=suite_of(self.dataset), parameters=self.parameters)
        self._gates[:] = [gate]
        return (
            rows.transform(gate.mark_rows)
            .transform(keep_latest, key=self.dataset.key, order_by=self.dataset.revision_order, valid=gate.passes)
            .transform(gate.mark_across_rows)
        )

    def write(
        self, candidates: DataFrame, *, watermark: int, is_append: bool, request: str | None = None
    ) -> StageResult:
        """Stage the candidates. The progress in the staged snapshot takes effect when the snapshot is published."""
        progress = Progress(watermark, self._code, self._fingerprint)
        month = [f"months({self.dataset.event_time})"] if self.dataset.is_incremental else []
        staged = stage(
            self.spark,
            candidates,
            table=self.trusted,
            run_id=self.run_id,
            is_append=is_append,
            partitioned_by=[QUARANTINED, *month],
            properties=progress.to_properties() | ({REQUESTED: request} if request else {}),
        )
        return StageResult(rows_out=staged.row_count())

    def _compile_gate(self, staged: Staged) -> Gate:
        """Compile the suite for the staged rows. If this run has already compiled a gate, return that gate."""
        if self._gates:
            return self._gates[0]
        rows = staged.rows()
        unmarked = rows.drop(*(name for name in rows.columns if is_mark(name)))
        return compile_gate(unmarked, suite=suite_of(self.dataset), parameters=self.parameters)

    def _find_staged(self) -> Staged | None:
        """Find the rows that this run or an earlier run has staged.

        Return None if no rows are staged and raw has no new rows.
        """
        staged = find_staged(self.spark, self.trusted, run_id=self.run_id)
        if staged and Progress.from_properties(staged.properties).code != self._code:
            staged = None  # ignore rows that were staged by another version of the code or the suites
        if staged is None and self._new_rows(self.progress(), full_refresh=False)[0] is not None:
            raise NotStagedError(table=self.trusted, problem="raw has new rows, but no run has staged them")
        return staged

    def _merge(self, staged: Staged, *, is_blocked: bool) -> tuple[Staged | None, int, int]:
        """Delete superseded valid rows from the branch, and stage the new rows of quarantine.

        Returns:
            Three items: the staged rows of quarantine, the number of rows that are added to trusted, and the number of
            rows that stay parked. The first item is None if quarantine does not change.
        """
        rows, quarantine = with_positions(staged.rows()), with_positions(read(self.spark, self.quarantine))
        pruning = pruning_condition(staged, column=self.dataset.pruning_column)
        trusted = with_positions(read_snapshot(self.spark, self.trusted, staged.base or 0).where(pruning))
        key, order_by = self.dataset.key, self.dataset.revision_order
        with resolve_revisions(rows, trusted=trusted, quarantine=quarantine, key=key, order_by=order_by) as revisions:
            superseded = revisions.superseded.where("NOT _is_failed")
            if any(revisions.count(origin, is_failed=False, is_kept=False) for origin in (TRUSTED, STAGED)):
                staged.delete_at(superseded, condition=pruning)
            failing = revisions.drop_superseded(rows.where(QUARANTINED), origin=STAGED)
            new = self._compile_gate(staged).rows_for_quarantine(failing).withColumn(BLOCKED_BY, not_parked())
            rejects = stage_quarantine(new, quarantine, revisions, table=self.quarantine, run_id=self.run_id)
            remaining = revisions.drop_superseded(quarantine, origin=QUARANTINE)
            parked = remaining.where(F.col(BLOCKED_BY).isNotNull()).count() if is_blocked else 0
            return rejects, revisions.count(STAGED, is_failed=False, is_kept=True), parked

    def is_half_published(self, progress: Progress) -> bool:
        """Return True if a requested run was killed after it published quarantine but before it published trusted."""
        return last_properties(self.spark, self.quarantine, _FOLLOWS).get(_FOLLOWS) == progress.publish_id

    def require_same_key(self, progress: Progress) -> None:
        """Check that trusted was masked with the key of this run.

        Raises:
            MaskingKeyError: Trusted was masked with another key.
        """
        if progress.masking_key != self._fingerprint:
            problem = (
                "the table was masked with another key, so new revisions would not match earlier rows. Pass the "
                "earlier key as --masking-key, or pass --rebuild to mask all rows with the new key."
            )
            raise MaskingKeyError(where=f"of {self.trusted}", problem=problem)

    @property
    def _code(self) -> str:
        """The version of the code. The version also changes if the suite or the values of its parameters change."""
        code = code_version("transforms", "expectations")
        return f"{code} {json.dumps(self.parameters, sort_keys=True)}" if self.parameters else code

    @property
    def _fingerprint(self) -> str:
        return fingerprint(self.masking_key) if self.masking_key else ""
