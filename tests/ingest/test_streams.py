from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import StreamError
from ingest.streams import MAX_ATTEMPTS, batches, connect, firehose_sender, send_all


def test_only_rejected_records_are_sent_again(web) -> None:
    client = boto3.client("firehose", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    refused = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "slow down"}
    with Stubber(client) as stub:
        for records, refusals in (("abcd", "bd"), ("bd", "d"), ("d", "")):
            answers = [refused if record in refusals else {"RecordId": record} for record in records]
            stub.add_response(
                "put_record_batch",
                {"FailedPutCount": len(refusals), "RequestResponses": answers},
                {"DeliveryStreamName": "events", "Records": [{"Data": record.encode()} for record in records]},
            )

        send_all([b"a", b"b", b"c", b"d"], firehose_sender(client, "events"), to="events", sleep=web.sleep)

        stub.assert_no_pending_responses()
    assert [wait <= 2**number for number, wait in enumerate(web.waits, 1)] == [True, True]


def test_repeatedly_rejected_record_is_an_error(web) -> None:
    """The advice works: a later attempt to send the records succeeds."""
    with pytest.raises(StreamError, match=r"events: 1 of 2 record\(s\) were rejected 6 times \(Throttled\).*run again"):
        send_all(
            ["a", "b"],
            lambda some: ["Throttled" if each == "b" else None for each in some],
            to="events",
            sleep=web.sleep,
        )
    assert len(web.waits) == MAX_ATTEMPTS - 1

    send_all(["a", "b"], lambda some: [None] * len(some), to="events", sleep=web.sleep)


@given(st.lists(st.integers(0, 12)), st.integers(1, 5), st.integers(10, 30))
def test_batches_respect_the_limits(sizes: list[int], max_records: int, max_bytes: int) -> None:
    """Batches keep the order of the records. Records that are too large are set aside."""
    records, aside = list(enumerate(sizes)), list[tuple[int, int]]()
    made = list(
        batches(
            records,
            too_large=aside.append,
            size=lambda record: record[1],
            max_records=max_records,
            max_bytes=max_bytes,
            max_record_bytes=10,
        )
    )

    assert [record for batch in made for record in batch] == [record for record in records if record[1] <= 10]
    assert aside == [record for record in records if record[1] > 10]
    assert all(0 < len(batch) <= max_records for batch in made)
    assert all(sum(size for _, size in batch) <= max_bytes for batch in made)


def test_a_throttled_call_is_repeated(web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    web.respond(json.dumps({"__type": "ServiceUnavailableException"}).encode(), status=503)
    web.respond(json.dumps({"__type": "ThrottlingException"}).encode(), status=400)
    web.respond(json.dumps({"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}]}).encode())
    client = connect("firehose", endpoint_url=web.url)

    send_all([b"a"], firehose_sender(client, "events"), to="events")

    assert len(web.paths) == 3
    web.respond(json.dumps({"__type": "ResourceNotFoundException"}).encode(), status=400)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        send_all([b"a"], firehose_sender(client, "events"), to="events")
