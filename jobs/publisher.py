"""The publisher moves new raw rows to trusted and quarantine.

Full refresh and incremental runs take the same three steps:

1. `stage` builds the new rows and marks the expectations that each row fails. It keeps the latest valid revision of
   each key. It writes the rows to a branch of trusted, with passing and failing rows in separate partitions. Passing
   rows are not written again.
2. `validate` gives the verdict. If it blocks an increment, the increment's rows are parked in quarantine.
3. `publish` resolves revisions by key among trusted, quarantine and the staged rows. Then it publishes quarantine, then
   trusted.

The watermark is a property of the commit that publishes trusted. A killed step can be repeated, even by a run with
another id. Before that commit, the repeated step does the same work again. After that commit, it finds nothing to do. A
full refresh is an incremental run that starts without earlier rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.bits import QUARANTINED
from expectations.gate import Gate, compile_gate, is_mark
from expectations.suite import load_suite
from expectations.window import blocking_failures
from ingest.raw import RawRows, read_raw
from jobs.blocked import BLOCKED_BY, REQUESTED, RESOLVE_ROW_BY_ROW, block, blocked_before, not_parked
from jobs.code_version import code_version
from jobs.masking_key import MaskingKeyError, fingerprint
from jobs.progress import Progress, read_progress
from jobs.revisions import (
    PLACE,
    QUARANTINE,
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
from transforms.dataset import Dataset
from transforms.dedupe import keep_latest

_VALIDATED_BY = "citylake.validated-by"
_FOLLOWS = "citylake.follows"
"""Property of quarantine: the id of the publish of trusted before it. Set if the run cannot be repeated."""


@dataclass(frozen=True)
class Publisher:
    """Publishes the trusted and quarantine tables of one dataset.

    Attributes:
        dataset: The dataset.
        run_id: The run.
        masking_key: The masking key. None for a dataset that is masked without one.
    """

    spark: SparkSession
    dataset: Dataset
    run_id: str
    masking_key: bytes | None = field(default=None, repr=False)
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
        """Return the progress of trusted, or None before the first publish."""
        return read_progress(self.spark, self.trusted)

    def refine(self, *, full_refresh: bool = False) -> StageResult:
        """Stage, validate and publish in one."""
        return self.finish(self.stage(full_refresh=full_refresh))

    def stage(self, *, full_refresh: bool = False, request: str = "refresh") -> StageResult:
        """Write new candidates to a branch of trusted, marked with the expectations that they fail.

        Rows: the rows that raw got after the watermark. If nothing is new, nothing is written and `rows_out` is None.
        A full refresh stages all rows of raw. It takes place if it is requested, if trusted was never published, if a
        file was delivered again with other content (a withdrawn row may have hidden another), if the columns of trusted
        change, and always for a dataset that is not incremental.

        Raises:
            MaskingKeyError: Trusted was masked with another key, and this is not a full refresh.
        """
        progress = self.progress()
        if blocked := blocked_before(self, progress):
            return blocked
        raw, notes = self._new_rows(progress, full_refresh=full_refresh)
        if raw is None:
            return StageResult(rows_in=0, notes=("nothing is new in raw",))
        candidates = self.candidates(raw)
        if not raw.are_all and not has_schema(self.spark, self.trusted, candidates.schema):
            notes = ("full refresh, because the columns of trusted change",)
            raw = read_raw(self.spark, self.dataset.name)
            candidates = self.candidates(raw)
        requested = request if full_refresh else None
        result = self.write(candidates, watermark=raw.until, is_append=not raw.are_all, requested=requested)
        return replace(result, rows_in=raw.count, notes=notes)

    def validate(self) -> StageResult:
        """Validate the staged rows. If a critical expectation is not met, no staged row is published.

        The rows of a blocked increment are parked in quarantine, with the names of the expectations. The watermark
        moves past them, so the next increment is validated separately. The dataset stays blocked until the parked rows
        are resolved or newer revisions have replaced them. A requested full refresh that is blocked changes no table,
        nor does a blocked run of a dataset that is not incremental.

        Raises:
            NotStagedError: Nothing is staged, and raw has rows that no run has refined.
        """
        progress = self.progress()
        if blocked := blocked_before(self, progress):
            return blocked
        if (staged := self._staged()) is None:
            return StageResult(notes=("nothing is staged",))
        rows, gate = staged.rows(), self._gate(staged)
        verdict = gate.validate(rows)
        min_rows = self.dataset.min_rows_for_mostly if self.dataset.is_incremental else 0
        is_small = verdict.rows < min_rows and verdict.failures()
        earlier = recent_validations(self.spark, self.dataset.name, min_rows=min_rows) if is_small else []
        failures = blocking_failures(verdict, earlier_results=earlier, min_rows=min_rows)
        result = StageResult(
            rows_in=verdict.rows,
            rows_out=verdict.rows - verdict.quarantined,
            rows_quarantined=verdict.quarantined,
            verdict="met" if all(each["success"] for each in verdict.results) else "met with warnings",
            validation_result=json.dumps(verdict.to_json_dict(), ensure_ascii=False),
        )
        if failures and staged.properties.get(REQUESTED) != RESOLVE_ROW_BY_ROW:
            return block(self, staged, gate, failures, result)
        staged.add_properties({_VALIDATED_BY: self.run_id})
        return result

    def publish(self) -> StageResult:
        """Publish the validated rows: quarantine first, then trusted.

        Rows: trusted has the latest valid revision of each key. Quarantine has the very latest one if it failed.

        Raises:
            NotStagedError: The staged rows were not validated, or nothing is staged and raw has new rows.
            OvertakenError: Another run published after the rows were staged. Nothing of this run is published.
        """
        if (staged := self._staged()) is None:
            return StageResult(notes=("nothing is staged",))
        if _VALIDATED_BY not in staged.properties:
            raise NotStagedError(table=self.trusted, problem=f"the rows on {staged.place} are not validated")
        before, rows_in = self.progress(), staged.row_count()
        blocked = before.block if before else None
        if staged.is_append:
            rejects, rows_out, parked = self._merge(staged, is_blocked=bool(blocked))
        else:
            rows = self._gate(staged).rows_for_quarantine(staged.rows()).withColumn(BLOCKED_BY, not_parked())
            rejects, rows_out, parked = stage(self.spark, rows, table=self.quarantine, run_id=self.run_id), None, 0
        is_resolved = not parked and not (staged.is_append and blocked and blocked.needs_full_refresh)
        after = replace(Progress.from_properties(staged.properties), block=None if is_resolved else blocked)
        version = data_version(self.spark, self.trusted) if rows_out == 0 else str(staged.snapshot)
        staged.require_current()  # otherwise quarantine could get rows of a run that cannot publish trusted
        snapshots: dict[str, int | None] = {}
        if rejects:
            # If this run is killed now, the next run stages the rows after the watermark again, but no other rows.
            torn = {_FOLLOWS: before.publish_id if before else ""} if REQUESTED in staged.properties else {}
            snapshots[self.quarantine] = rejects.publish(properties={DATA_VERSION: str(rejects.snapshot), **torn})
        properties = {**after.to_properties(), DATA_VERSION: version}
        snapshots[self.trusted] = staged.publish(without=QUARANTINED, properties=properties)
        if rows_out is None:
            rows_out = row_count(self.spark, self.trusted)
        return StageResult(rows_in=rows_in, rows_out=rows_out, snapshot_ids=snapshots)

    def finish(self, staged: StageResult) -> StageResult:
        """Validate and publish the rows that were staged, and return the result of all steps."""
        if staged.error or staged.rows_out is None:
            return staged
        validated = self.validate()
        result = replace(validated, rows_in=staged.rows_in, notes=staged.notes + validated.notes)
        if validated.error:
            return result
        published = self.publish()
        return replace(result, rows_out=published.rows_out, snapshot_ids=published.snapshot_ids)

    def _new_rows(self, progress: Progress | None, *, full_refresh: bool) -> tuple[RawRows | None, tuple[str, ...]]:
        """Read the rows of raw that no run has refined, or all rows. Returns None for the rows if nothing is new."""
        if full_refresh or progress is None:
            return read_raw(self.spark, self.dataset.name), ()
        if self.is_torn(progress):
            notes = ("full refresh, because a run was killed after it published quarantine and before trusted",)
            return read_raw(self.spark, self.dataset.name), notes
        if not self.dataset.is_incremental:
            raw = read_raw(self.spark, self.dataset.name)
            made_from = (progress.watermark, progress.code, progress.masking_key)
            return (None if made_from == (raw.until, self._code, self._fingerprint) else raw), ()
        self.require_same_key(progress)
        raw = read_raw(self.spark, self.dataset.name, newer_than=progress.watermark)
        if raw.are_all:
            return raw, ("full refresh, because files were delivered again with other content",)
        return (raw if raw.count else None), ()

    def candidates(self, raw: RawRows, *, only: DataFrame | None = None) -> DataFrame:
        """Build rows, mark them with the expectations they fail, and keep the latest valid revision of each key.

        Rows: the rows that `build` makes of raw, or only those whose place is in `only`.
        """
        key = {"masking_key": self.masking_key} if self.dataset.uses_masking_key else {}
        layouts = {"layouts": raw.layouts} if self.dataset.builds_by_layout else {}
        rows = self.dataset.build(raw.rows, **key, **layouts)
        if only is not None:
            rows = rows.join(only, on=[*PLACE], how="left_semi")
        gate = compile_gate(rows, suite=load_suite(self.dataset.name))
        self._gates[:] = [gate]
        return (
            rows.transform(gate.mark_rows)
            .transform(keep_latest, key=self.dataset.key, order_by=self.dataset.revision_order, valid=gate.passes)
            .transform(gate.mark_across_rows)
        )

    def write(
        self, candidates: DataFrame, *, watermark: int, is_append: bool, requested: str | None = None
    ) -> StageResult:
        """Stage candidates, with the progress that trusted makes when they are published."""
        progress = Progress(watermark, self._code, self._fingerprint)
        month = [f"months({self.dataset.event_time})"] if self.dataset.event_time else []
        staged = stage(
            self.spark,
            candidates,
            table=self.trusted,
            run_id=self.run_id,
            is_append=is_append,
            partitioned_by=[QUARANTINED, *month],
            properties=progress.to_properties() | ({REQUESTED: requested} if requested else {}),
        )
        return StageResult(rows_out=staged.row_count())

    def _gate(self, staged: Staged) -> Gate:
        """Return the gate that this run compiled, or compile it for the rows that an earlier process staged."""
        if self._gates:
            return self._gates[0]
        rows = staged.rows()
        return compile_gate(
            rows.drop(*(name for name in rows.columns if is_mark(name))), suite=load_suite(self.dataset.name)
        )

    def _staged(self) -> Staged | None:
        """Find the rows that this run, or the run that it resumes, has staged. None if that run had nothing to do."""
        staged = find_staged(self.spark, self.trusted, run_id=self.run_id)
        if staged and Progress.from_properties(staged.properties).code != self._code:
            staged = None  # the marks belong to another version of the suite
        if staged is None and self._new_rows(self.progress(), full_refresh=False)[0] is not None:
            raise NotStagedError(table=self.trusted, problem="raw has new rows that no run has staged")
        return staged

    def _merge(self, staged: Staged, *, is_blocked: bool) -> tuple[Staged | None, int, int]:
        """Resolve revisions by key on the branch, and stage the new content of quarantine.

        Returns:
            The staged quarantine, None if it does not change; the rows that trusted gets; the rows that stay parked.
        """
        rows, quarantine = with_positions(staged.rows()), with_positions(read(self.spark, self.quarantine))
        pruned = pruning_condition(staged, column=self.dataset.pruning_column)
        trusted = with_positions(read_snapshot(self.spark, self.trusted, staged.base or 0).where(pruned))
        key, order_by = self.dataset.key, self.dataset.revision_order
        with resolve_revisions(rows, trusted=trusted, quarantine=quarantine, key=key, order_by=order_by) as revisions:
            superseded = revisions.superseded.where("NOT _is_failed")
            if any(revisions.count(origin, is_failed=False, is_kept=False) for origin in (TRUSTED, STAGED)):
                staged.delete_at(superseded, within=pruned)
            failing = revisions.without_superseded(rows.where(QUARANTINED), origin=STAGED)
            new = self._gate(staged).rows_for_quarantine(failing).withColumn(BLOCKED_BY, not_parked())
            rejects = stage_quarantine(new, quarantine, revisions, table=self.quarantine, run_id=self.run_id)
            left = revisions.without_superseded(quarantine, origin=QUARANTINE).where(F.col(BLOCKED_BY).isNotNull())
            parked = left.count() if is_blocked else 0
            return rejects, revisions.count(STAGED, is_failed=False, is_kept=True), parked

    def is_torn(self, progress: Progress) -> bool:
        """Whether a run published quarantine and was killed before it published trusted, and cannot be repeated."""
        return last_properties(self.spark, self.quarantine, _FOLLOWS).get(_FOLLOWS) == progress.publish_id

    def require_same_key(self, progress: Progress) -> None:
        """Check that trusted was masked with the key of this run.

        Raises:
            MaskingKeyError: It was masked with another key.
        """
        if progress.masking_key != self._fingerprint:
            problem = (
                f"{self.trusted} was masked with another key. A revision would not find the row that it revises. Give "
                "that key, or refresh trusted with this one: --rebuild."
            )
            raise MaskingKeyError(where="--masking-key", problem=problem)

    @property
    def _code(self) -> str:
        return code_version("transforms", "expectations")

    @property
    def _fingerprint(self) -> str:
        return fingerprint(self.masking_key) if self.masking_key else ""
