"""Errors of the lake."""

from __future__ import annotations

from transforms.errors import CityLakeError


class LakeError(CityLakeError, RuntimeError):
    """A table of the lake is not in the state that a step needs. `where` is the table's name."""


class NotPublishedError(LakeError):
    """A step reads a table that no run has published."""

    def __init__(self, *, table: str) -> None:
        super().__init__(
            where=table,
            problem="no run has published this table. Run its job with --stage all, or run citylake run DATASET "
            "--data DIR. If the table is in another warehouse, pass the path of that warehouse as --warehouse.",
        )


class OvertakenError(LakeError):
    """Another run published the table while this run was writing.

    Attributes:
        branch: The branch or separate table that holds the rows of this run.
    """

    def __init__(self, *, table: str, branch: str) -> None:
        self.branch = branch
        super().__init__(
            where=table,
            problem=f"another run published while this run was writing to {branch}, so this run publishes nothing. "
            "Run the job again. Do not start two runs of one dataset at the same time.",
        )


class NotStagedError(LakeError):
    """There are no validated rows to publish."""

    def __init__(self, *, table: str, problem: str) -> None:
        super().__init__(
            where=table,
            problem=f"{problem}, so nothing is published. Run the stages create and check_quality first. Pass the same "
            "--WORKFLOW_RUN_ID to all stages.",
        )


class NarrowedColumnError(LakeError):
    """A new version of a table would lose values of a published column. Nothing has changed.

    Attributes:
        column: The column.
        before: The published type of the column.
        after: The type that the column would get.
    """

    def __init__(self, *, table: str, column: str, before: str, after: str) -> None:
        self.column, self.before, self.after = column, before, after
        super().__init__(
            where=table,
            problem=f"column {column!r} would change from {before} to {after}. The new type cannot hold all published "
            f"values of the column. Nothing has changed. To replace all rows and types of the table, run again with "
            f"--rebuild. Or keep the type {before}, or give the {after} column another name.",
        )


class UnsupportedColumnError(LakeError):
    """A column has a type that a table cannot store. Nothing has changed.

    Attributes:
        column: The column.
        type: The type of the column.
    """

    def __init__(self, *, table: str, column: str, type_: str) -> None:
        self.column, self.type = column, type_
        super().__init__(
            where=table,
            problem=f"column {column!r} has the type {type_}, which a table cannot store. Expected a type such as "
            "string, int or timestamp. Nothing has changed. Cast the column to such a type. void is the type of a null "
            "without a type, such as F.lit(None).",
        )


class ChangedColumnsError(LakeError):
    """Rows cannot be added to a table, because their columns differ from the columns of the table. Nothing has changed.

    Attributes:
        column: The first column that differs.
        expected: The type of the column in the table. None if the table lacks the column.
        found: The type of the column in the rows. None if the rows lack the column.
    """

    def __init__(self, *, table: str, column: str, expected: str | None, found: str | None) -> None:
        self.column, self.expected, self.found = column, expected, found
        super().__init__(
            where=table,
            problem="the rows cannot be added, because their columns differ from the columns of the table. Column "
            f"{column!r}: expected {expected or 'no such column'}, found {found or 'no such column'}. Nothing has "
            "changed. To replace all rows and columns of the table, run again with --rebuild.",
        )


class TableBusyError(LakeError):
    """Maintenance skips a table, because another run uses the table.

    Attributes:
        reason: Why maintenance skips the table. The text does not contain the name of the table.
    """

    def __init__(self, *, table: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            where=table,
            problem=f"maintenance skips this table, because {reason}. The rows of the table have not changed. The "
            "next maintenance run includes the table again.",
        )


class SetUpError(LakeError):
    """Software that the Spark session needs is missing. `where` names the software or the warehouse."""


class SiteError(CityLakeError, RuntimeError):
    """A site cannot be published. `where` is the folder or the address on S3."""
