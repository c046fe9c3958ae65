"""Send records to Firehose and Kinesis, in batches that respect the limits of the streams."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from ingest.errors import StreamError

T = TypeVar("T")

MAX_ATTEMPTS = 6

# Firehose's limits for one PutRecordBatch.
MAX_RECORDS_IN_BATCH = 500
MAX_BYTES_IN_BATCH = 4 << 20
MAX_RECORD_BYTES = 1000 << 10


def connect(service: str, *, endpoint_url: str | None = None) -> Any:
    """Return a client that repeats a call if the service throttles the call or fails temporarily."""
    import boto3  # only streams need boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": MAX_ATTEMPTS}
    return boto3.client(service, endpoint_url=endpoint_url, config=Config(retries=retries))


def batches(
    records: Iterable[T],
    *,
    too_large: Callable[[T], None],
    size: Callable[[T], int],
    max_records: int = MAX_RECORDS_IN_BATCH,
    max_bytes: int = MAX_BYTES_IN_BATCH,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Iterator[list[T]]:
    """Split records into batches that fit into one call. Call `too_large` for each record that is too large."""
    batch: list[T] = []
    total = 0
    for record in records:
        length = size(record)
        if length > max_record_bytes:
            too_large(record)
            continue
        if batch and (len(batch) == max_records or total + length > max_bytes):
            yield batch
            batch, total = [], 0
        batch.append(record)
        total += length
    if batch:
        yield batch


def firehose_sender(client: Any, stream: str) -> Callable[[Sequence[bytes]], list[str | None]]:
    """Return a function that sends a batch to Firehose.

    The function returns one item for each record: the error code, or None if Firehose has accepted the record.
    """

    def send(records: Sequence[bytes]) -> list[str | None]:
        response = client.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": record} for record in records])
        return [result.get("ErrorCode") for result in response["RequestResponses"]]

    return send


def send_all(
    records: Sequence[T],
    send: Callable[[Sequence[T]], Sequence[str | None]],
    *,
    to: str,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send a batch. If records are rejected, wait and send only these records again.

    boto3 repeats only whole calls. A call that rejects some of its records is successful for boto3.

    Args:
        records: The records of the batch.
        send: The function that sends a batch, as `firehose_sender` returns it.
        to: The name of the stream, for errors.
        sleep: The function that waits between two attempts.

    Raises:
        StreamError: Some records are still rejected after `MAX_ATTEMPTS` attempts.
    """
    rejected = list(records)
    for attempt in range(MAX_ATTEMPTS):
        if attempt:
            sleep(random.uniform(0, 2.0**attempt))
        errors = send(rejected)
        rejected = [record for record, error in zip(rejected, errors, strict=True) if error]
        if not rejected:
            return
    codes = sorted({error for error in errors if error})
    problem = (
        f"{len(rejected)} of {len(records)} record(s) were rejected {MAX_ATTEMPTS} times ({', '.join(codes)}). Check "
        "the capacity of the stream, and run again. The next run continues from the saved state, so no row is lost."
    )
    raise StreamError(where=to, problem=problem)
