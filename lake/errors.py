"""Errors of the lake."""

from __future__ import annotations


class LakeError(RuntimeError):
    """The lake is not as a step needs it."""


class NotPublishedError(LakeError):
    """A table is read that no run has published.

    Attributes:
        table: The table.
    """

    def __init__(self, *, table: str) -> None:
        self.table = table
        super().__init__(
            f"{table} has never been published. Run its job's earlier stages first, or all: --stage all, or citylake "
            "run DATASET --data DIR. If they have run, --warehouse must be where they wrote."
        )


class OvertakenError(LakeError):
    """Another run published the table while this one was writing.

    Attributes:
        table: The table.
        branch: The branch that holds what this run wrote.
    """

    def __init__(self, *, table: str, branch: str) -> None:
        self.table, self.branch = table, branch
        super().__init__(
            f"{table}: another run published while this one was writing (to branch {branch}), so nothing of this run "
            f"is published. Run again, one run of a dataset at a time."
        )


class NotJudgedError(LakeError):
    """Rows would be published that no suite has judged.

    Attributes:
        table: The table.
        branch: The branch that should hold them.
    """

    def __init__(self, *, table: str, branch: str) -> None:
        self.table, self.branch = table, branch
        super().__init__(
            f"{table}: branch {branch} is not there or has not been judged, so nothing is published. Run the stages "
            f"create and check_quality of this run first, with its id: --WORKFLOW_RUN_ID."
        )


class SetUpError(LakeError):
    """The machine lacks something that a local session needs.

    Attributes:
        missing: What is not there.
        hint: What to do.
    """

    def __init__(self, *, missing: str, hint: str) -> None:
        self.missing, self.hint = missing, hint
        super().__init__(f"{missing}. {hint}")
