"""Read and write the progress of a dataset: the watermark, the version of the code, and the masking key's fingerprint.

Each publish stores the progress as a property of the new snapshot of trusted.
"""

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
    """A blocked increment. The rows of the increment are parked in quarantine.

    Attributes:
        run_id: The id of the latest blocked run.
        reasons: One line for each reason why the increment is blocked.
        needs_full_refresh: True if a blocked run was a full refresh of a published table. Only a full refresh can then
            resolve the block.
    """

    run_id: str
    reasons: tuple[str, ...]
    needs_full_refresh: bool = False


@dataclass(frozen=True)
class Progress:
    """The progress of a dataset. The progress in a staged snapshot takes effect when the snapshot is published.

    Attributes:
        watermark: The latest ingest time of all processed rows of raw (microseconds since 1970, UTC).
        code: The version of the code that built the rows of trusted.
        masking_key: The fingerprint of the masking key. Empty if the dataset's masking uses no key.
        publish_id: A unique id of the publish.
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
    """Return the progress that a trusted table stores, or None before the first publish. Reads only metadata."""
    properties = last_properties(spark, trusted, _PROGRESS)
    return Progress.from_properties(properties) if properties else None
