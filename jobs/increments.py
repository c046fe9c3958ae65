"""Raw to trusted increment by increment: only what raw got since is built, judged and merged.

An increment goes three steps, each of which may be a job of its own: `create` writes the judged rows to a branch,
`check_quality` gives the verdict on them, `publish` merges them. A run that is killed in between, and started again,
ends as one that was not: how far trusted has come stands in its history, in the commit that brought it there, what is
merged twice is the same, and a branch that was judged stays as it is until trusted has its rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.errors import ExpectationsNotMetError
from expectations.gate import Judged
from expectations.mask import FAILED, QUARANTINED
from ingest.raw import RawRows, read_raw
from jobs.masking_key import MaskingKeyError
from jobs.publishing import first_rows
from jobs.refining import Refining
from lake.errors import NotJudgedError
from lake.ledger import Entry
from lake.merge import Merge
from lake.publish import Branch, Staged
from lake.tables import (
    added_rows,
    ensure_table,
    last_note,
    last_notes,
    matching,
    row_count,
    snapshot_id,
    table_name,
)
from transforms.dedupe import keep_latest
from transforms.names import quoted

REFINED_TO = "citylake.refined-to"
"""In trusted's history: when raw got the latest of the rows that it has, in microseconds since 1970 (UTC)."""

_ARE_ALL, _REBUILD, _JUDGED_IN = "citylake.are-all", "citylake.rebuild", "citylake.judged-in"
_REFUSED_IN, _NOT_MET = "citylake.refused-in", "citylake.not-met"
_MASKED_WITH = "citylake.masked-with"
_PUBLISHED = "citylake.published"
"""In trusted's history: the snapshot that was judged, of a branch that may since be gone."""

_HINT = (
    "What comes next is judged by itself. Deliver newer revisions of the rows, or correct their files, and run again; "
    "or change the suite, and judge all of raw anew: --rebuild."
)


class Increment:
    """What raw got since trusted was last refined; or all that it has, where trusted must be made anew.

    So it is where there is no trusted yet, where that is asked for, and where a file was delivered anew with other
    content: what it no longer says may have taken the place of what another file says.
    """

    def __init__(self, spark: SparkSession, how: Refining, entry: Entry) -> None:
        self.spark, self.how, self.entry = spark, how, entry
        self.trusted, self.quarantine = (table_name(zone, how.dataset) for zone in ("trusted", "quarantine"))
        self.audit = Branch(spark, table=self.trusted, run_id=entry.run_id)

    @cached_property
    def judged(self) -> Judged:
        """The rows with what they fail, not yet computed."""
        return self.how.judge(read_raw(self.spark, self.how.dataset).rows)

    def create(self, *, rebuild: bool = False) -> bool:
        """Write the judged rows to a branch of trusted, alone. Return whether there are any.

        Raises:
            ExpectationsNotMetError: They were refused before, in this very run.
            MaskingKeyError: Trusted was masked with another key, and is not to be made anew.
        """
        self._require_not_refused()
        if not rebuild:
            self._require_same_key()
        raw, since = self._new(rebuild=rebuild)
        self.entry.rows_in = raw.count
        if not raw.count and not raw.are_all:
            self.entry.rows_out = 0
            self.entry.say("raw has nothing new")
            return False
        if since and raw.are_all:
            self.entry.say("trusted is made anew, for files were delivered with other content")
        self.judged = self.how.judge(raw.rows)
        with Staged(
            self.spark,
            self.judged.rows,
            table=self.trusted,
            run_id=self.entry.run_id,
            partitioned_by=[QUARANTINED, f"months({self.how.event_time})"],
            notes={REFINED_TO: str(raw.until), _ARE_ALL: str(raw.are_all), _REBUILD: str(rebuild)},
        ):
            return True

    def check_quality(self) -> None:
        """Give the verdict on the branch.

        If a critical expectation is not met, what raw newly got goes to quarantine whole, with the names of what is not
        met, and the next increment is judged by itself. In a rebuild that was asked for no table changes.

        Raises:
            ExpectationsNotMetError: A critical expectation is not met, or was not before, in this very run.
            NotJudgedError: There is no branch of this run, and raw has rows that no run has refined.
        """
        self._require_not_refused()
        if self._is_nothing():
            return
        written = self.audit.written()
        verdict = self.how.verdict(self.judged, written)
        self.entry.verdict, self.entry.rows_quarantined = verdict.outcome, verdict.quarantined
        self.entry.validation_result = json.dumps(verdict.to_json_dict(), ensure_ascii=False)
        if failures := verdict.failures():
            places, kept_at = first_rows(self.judged.rejected(written)), f"branch {self.audit.branch} of {self.trusted}"
            if self._noted(_REBUILD) != "True":
                self._reject_new(because=[*failures])
                kept_at = self._rejected_at
            verdict.require_met(kept_at=kept_at, first_rows=places, hint=_HINT)
        self.audit.note({_JUDGED_IN: self.entry.run_id})

    def publish(self) -> None:
        """Bring the branch to trusted and quarantine.

        Quarantine is published first: a run that is killed between the two is done again from what trusted notes.

        Raises:
            NotJudgedError: Nobody has judged the branch, or it is not there, and raw has rows that no run has refined.
            OvertakenError: Another run has published meanwhile; nothing of this one is.
        """
        if self._is_nothing():
            return
        if self._noted(_JUDGED_IN) != self.entry.run_id:
            raise NotJudgedError(table=self.trusted, branch=self.audit.branch)
        written = self.audit.written()
        if self._are_all:
            self._replace_by(written)
        else:
            self._merge(written)
        self.audit.drop()

    def _is_nothing(self) -> bool:
        """Whether there is no branch, or none but one that is published: the run was killed before it dropped it."""
        if self._noted(REFINED_TO) is None:
            new, _ = self._new()
            if new.count or new.are_all:
                raise NotJudgedError(table=self.trusted, branch=self.audit.branch)
        elif last_note(self.spark, self.trusted, _PUBLISHED) != str(self._judged_snapshot):
            return False
        self.entry.say("raw had nothing new")
        return True

    def _new(self, *, rebuild: bool = False) -> tuple[RawRows, str | None]:
        """Return what raw has that no run has refined, and since when."""
        since = None if rebuild else last_note(self.spark, self.trusted, REFINED_TO)
        return read_raw(self.spark, self.how.dataset, newer_than=int(since) if since else None), since

    def _require_not_refused(self) -> None:
        """Glue starts a job that has failed once more: what it refused stays refused, and is no longer new."""
        # Of the last that went through or was refused: to look through weeks for what is not there takes long.
        last = last_notes(self.spark, self.trusted, REFINED_TO)
        if last.get(_REFUSED_IN) != self.entry.run_id:
            return
        self.entry.verdict = "refused"
        not_met = json.loads(last[_NOT_MET])
        raise ExpectationsNotMetError(suite=self.how.dataset, failures=not_met, kept_at=self._rejected_at, hint=_HINT)

    def _require_same_key(self) -> None:
        before = last_note(self.spark, self.trusted, _MASKED_WITH)
        if before and self.how.masked_with and before != self.how.masked_with:
            problem = f"{self.trusted} was masked with another: a request that comes again would count as a new one."
            raise MaskingKeyError(
                where="--masking-key",
                problem=f"{problem} Give that key, or make trusted anew with this one: --rebuild.",
            )

    @property
    def _rejected_at(self) -> str:
        return f"{self.quarantine}, all that raw had newly got"

    @property
    def _judged_snapshot(self) -> int | None:
        return snapshot_id(self.spark, self.trusted, branch=self.audit.branch)

    @property
    def _are_all(self) -> bool:
        return self._noted(_ARE_ALL) == "True"

    def _noted(self, name: str) -> str | None:
        return last_note(self.spark, self.trusted, name, branch=self.audit.branch)

    def _replace_by(self, written: DataFrame) -> None:
        rejected, begins_at = self.judged.rejected(written), self._judged_snapshot
        with (
            Branch(
                self.spark, table=self.trusted, run_id=self.entry.run_id, purpose="merge", begins_at=begins_at
            ) as passed,
            Staged(self.spark, rejected, table=self.quarantine, run_id=self.entry.run_id) as rejects,
        ):
            passed.discard(QUARANTINED)
            self._publish(rejects, passed, {_PUBLISHED: str(begins_at)})
        self.entry.rows_out = row_count(self.spark, self.trusted)

    def _merge(self, written: DataFrame) -> None:
        located_by = (self.how.located_by, self.how.event_time)
        how = Merge(key=f"{{row}}.{quoted(self.how.key)}", order=self.how.order, located_by=located_by)
        with Branch(self.spark, table=self.trusted, run_id=self.entry.run_id, purpose="merge") as merged:
            found = how.found(written, table=merged.written()).cache()
            merged.merge(written.where(~F.col(QUARANTINED)), how, found=found)
            self.entry.rows_out = added_rows(self.spark, self.trusted, merged.branch)
            rejects = self._settle(self.judged.outcomes(written), found=found, how=how)
            found.unpersist()
            self._publish(rejects, merged, {_PUBLISHED: str(self._judged_snapshot)})

    def _settle(self, outcomes: DataFrame, *, found: DataFrame, how: Merge) -> Branch:
        """Write to a branch of quarantine: the latest of each key where it fails, and none where it passes."""
        fails = F.col(FAILED).isNotNull()
        still = outcomes.where(fails).alias("s").join(found.alias("t"), on=F.expr(how.is_older), how="left_anti")
        latest = keep_latest(still.unionByName(outcomes.where(~fails)), key=[self.how.key], order_by=self.how.order)
        return self._merged_rejects(latest)

    def _reject_new(self, *, because: Sequence[str]) -> None:
        since = int(last_note(self.spark, self.trusted, REFINED_TO) or -1)
        new = self.judged.outcomes(self.audit.written()).where(F.unix_micros("_ingested_at") > since)
        failed = F.array_union(F.coalesce(FAILED, F.array().cast("array<string>")), F.array(*map(F.lit, because)))
        rejected = keep_latest(new.withColumn(FAILED, failed), key=[self.how.key], order_by=self.how.order)
        rejects = self._merged_rejects(rejected)
        with Branch(self.spark, table=self.trusted, run_id=self.entry.run_id, purpose="merge") as unchanged:
            self._publish(rejects, unchanged, {_REFUSED_IN: self.entry.run_id, _NOT_MET: json.dumps(because)})
        self.entry.rows_quarantined = rejected.count()

    def _merged_rejects(self, latest: DataFrame) -> Branch:
        ensure_table(self.spark, self.quarantine, latest.schema)
        place = "concat_ws('#', {row}._source_file, {row}._row_number, unix_micros({row}._ingested_at))"
        key = f"coalesce({{row}}.{quoted(self.how.key)}, {place})"  # a row without a key is known by its place
        how = Merge(key=key, order=self.how.order, removes=f"s.{FAILED} IS NULL")
        latest = matching(latest, self.spark.table(self.quarantine)).cache()
        with Branch(self.spark, table=self.quarantine, run_id=self.entry.run_id) as rejects:
            found = how.found(latest, table=rejects.written()).cache()
            rejects.merge(latest, how, found=found)
        found.unpersist()
        latest.unpersist()
        return rejects

    def _publish(self, rejects: Branch, trusted: Branch, notes: Mapping[str, str]) -> None:
        masked = {_MASKED_WITH: self.how.masked_with} if self.how.masked_with else {}
        trusted.note({**notes, **masked, REFINED_TO: str(self._noted(REFINED_TO))})
        self.audit.require_current()  # else the rejects would be those of a run whose rows are never published
        self.entry.snapshot_ids[self.quarantine] = rejects.publish()
        self.entry.snapshot_ids[self.trusted] = trusted.publish()


def refine_increment(spark: SparkSession, how: Refining, entry: Entry, *, rebuild: bool = False) -> None:
    """Raw to trusted and quarantine: create, check quality and publish in one.

    Raises:
        ExpectationsNotMetError: A critical expectation is not met; see `Increment.check_quality`.
        OvertakenError: Another run has published meanwhile; nothing of this one is.
    """
    increment = Increment(spark, how, entry)
    if increment.create(rebuild=rebuild):
        increment.check_quality()
        increment.publish()
