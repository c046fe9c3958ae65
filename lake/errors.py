"""Errors of the lake."""

from __future__ import annotations


class LakeError(RuntimeError):
    """A table of the lake is not in the state that a step needs."""


class NotPublishedError(LakeError):
    """No run has published the table that is read.

    Attributes:
        table: The table.
    """

    def __init__(self, *, table: str) -> None:
        self.table = table
        super().__init__(
            f"{table} has never been published. Run its job with --stage all, or run citylake run DATASET "
            "--data DIR. If it has run, give the --warehouse that it wrote to."
        )


class OvertakenError(LakeError):
    """Another run published the table while this one was writing.

    Attributes:
        table: The table.
        branch: The place that holds the rows of this run.
    """

    def __init__(self, *, table: str, branch: str) -> None:
        self.table, self.branch = table, branch
        super().__init__(
            f"{table}: another run published while this one was writing (to {branch}), so nothing of this run is "
            "published. Run the job again. Do not start two runs of one dataset at the same time."
        )


class NotStagedError(LakeError):
    """There are no validated rows to publish.

    Attributes:
        table: The table.
        problem: The missing step.
    """

    def __init__(self, *, table: str, problem: str) -> None:
        self.table, self.problem = table, problem
        super().__init__(
            f"{table}: {problem}, so nothing is published. Run the stages create and check_quality first, with the "
            "same --WORKFLOW_RUN_ID."
        )


class NarrowedColumnError(LakeError):
    """A new version of a table would lose values of a published column. Nothing has changed.

    Attributes:
        table: The table.
        column: The column.
        before: Its published type.
        after: The type that it would get.
    """

    def __init__(self, *, table: str, column: str, before: str, after: str) -> None:
        self.table, self.column, self.before, self.after = table, column, before, after
        super().__init__(
            f"{table}: column {column!r} would change from {before} to {after}, which cannot hold its published values."
            f" Nothing has changed. Keep the type {before}, or give the {after} column another name."
        )


class TableBusyError(LakeError):
    """Maintenance left a table alone, because another run works on it.

    Attributes:
        table: The table.
        reason: The work of the other run.
    """

    def __init__(self, *, table: str, reason: str) -> None:
        self.table, self.reason = table, reason
        super().__init__(f"{table} is left for the next run of maintain: {reason}. Its rows are unchanged.")


class SetUpError(LakeError):
    """The machine lacks something that a local session needs.

    Attributes:
        missing: The missing part.
        hint: How to add it.
    """

    def __init__(self, *, missing: str, hint: str) -> None:
        self.missing, self.hint = missing, hint
        super().__init__(f"{missing}. {hint}")
