"""How far the trusted table of a dataset has come. Each publish writes it into the table's history."""

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
        run_id: The run that was blocked last.
        reasons: A line for each critical expectation that is not met.
        needs_full_refresh: Whether the run was a full refresh that withdraws rows. Only a full refresh resolves it.
    """

    run_id: str
    reasons: tuple[str, ...]
    needs_full_refresh: bool = False


@dataclass(frozen=True)
class Progress:
    """How far trusted has come. Staged rows have it too: how far trusted will have come when they are published.

    Attributes:
        watermark: The ingest time up to which trusted has refined raw (microseconds since 1970, UTC).
        code: The version of the code that made the rows.
        masking_key: The fingerprint of the masking key. Empty for a dataset that is masked without one.
        publish_id: The publish.
        block: The blocked increment. None if the dataset is not blocked.
    """

    watermark: int
    code: str
    masking_key: str
    publish_id: str = ""
    block: Block | None = None

    def to_properties(self) -> dict[str, str]:
        """Return the property of a new publish."""
        return {_PROGRESS: json.dumps({**asdict(self), "publish_id": uuid4().hex})}

    @staticmethod
    def from_properties(properties: Mapping[str, str]) -> Progress:
        """Return the progress that the properties of a snapshot have."""
        fields = json.loads(properties[_PROGRESS])
        if block := fields.pop("block"):
            block = Block(block["run_id"], tuple(block["reasons"]), block["needs_full_refresh"])
        return Progress(**fields, block=block)


def read_progress(spark: SparkSession, trusted: str) -> Progress | None:
    """Return the progress of a trusted table. None before the first publish. Reads metadata only."""
    properties = last_properties(spark, trusted, _PROGRESS)
    return Progress.from_properties(properties) if properties else None
