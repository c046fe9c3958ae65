"""Read and write the progress of a dataset. Each publish stores it as a property of trusted's snapshot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from uuid import uuid4

from pyspark.sql import SparkSession

from lake.tables import last_properties

_PROGRESS = "citylake.progress"


@dataclass(frozen=True)
class Block:
    """A blocked increment, whose rows are parked in quarantine.

    Attributes:
        run_id: The id of the latest blocked run.
        reasons: One line for each reason why the increment is blocked.
        needs_full_refresh: Whether this run, or an earlier run of the block, was a full refresh of a published table.
            If so, only a full refresh resolves the block.
    """

    run_id: str
    reasons: tuple[str, ...]
    needs_full_refresh: bool = False


@dataclass(frozen=True)
class Progress:
    """The progress of trusted. Staged rows hold the progress that trusted has after their publish.

    Attributes:
        watermark: The ingest time up to which runs have refined raw (microseconds since 1970, UTC).
        code: The version of the code that built the rows.
        masking_key: The fingerprint of the masking key. Empty if the dataset's masking uses no key.
        publish_id: The id of the publish.
        block: The blocked increment. None if the dataset is not blocked.
    """

    watermark: int
    code: str
    masking_key: str
    publish_id: str = ""
    block: Block | None = None

    def to_properties(self) -> dict[str, str]:
        """Return the progress as a snapshot property, with a new publish id."""
        return {_PROGRESS: json.dumps({**asdict(self), "publish_id": uuid4().hex})}

    @staticmethod
    def from_properties(properties: Mapping[str, str]) -> Progress:
        """Read the progress from the properties of a snapshot."""
        fields = json.loads(properties[_PROGRESS])
        if block := fields.pop("block"):
            block = Block(block["run_id"], tuple(block["reasons"]), block["needs_full_refresh"])
        return Progress(**fields, block=block)


def read_progress(spark: SparkSession, trusted: str) -> Progress | None:
    """Return the progress of a trusted table, or None before the first publish. Reads only metadata."""
    properties = last_properties(spark, trusted, _PROGRESS)
    return Progress.from_properties(properties) if properties else None
