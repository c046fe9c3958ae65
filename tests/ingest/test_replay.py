from __future__ import annotations

import csv
import gzip
import io
import json
import re
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import LandedFileError, ReplayError
from ingest.replay import main, replay
from ingest.targets import KinesisStream, LandingFolder

NAME = re.compile(
    r"\d{4}/\d\d/\d\d/\d\d/calls-1-(\d{4}-\d\d-\d\d-\d\d)-\d\d-\d\d-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "calls.csv").write_text("id,note\n" + "".join(f"{n},n{n}\n" for n in range(1, 11)), encoding="utf-8")
    return tmp_path / "calls.csv"


def landed(folder: Path) -> list[list[dict[str, Any]]]:
    """Return the events of each landing file. The files are sorted by the `row_ts` of their first event."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in paths]
    return sorted(([json.loads(line) for line in file.splitlines()] for file in files), key=lambda f: f[0]["row_ts"])


def emit(file: Path, tmp_path: Path, **arguments: Any) -> list[list[dict[str, Any]]]:
    folder = tmp_path / "landing"
    names = ("max_events", "max_bytes", "compress", "max_seconds")
    options = {name: arguments.pop(name) for name in names if name in arguments}
    target = LandingFolder(folder, "calls", **options)
    replay(str(file), target, to="landing", state=tmp_path / "state.json", **arguments)
    return landed(folder)


def ids(files: list[list[dict[str, Any]]]) -> list[str]:
    return [event["id"] for events in files for event in events]


def test_events_contain_cells_and_the_current_time(tmp_path: Path) -> None:
    """Blank cells and blank rows are omitted. `row_ts` increases even if the clock is set back."""
    rows = [
        *(["id", " Case Summary ", "row_ts"], ["1", 'two\nlines, "quoted"', "2020-01-01"], ["2", "\u00a0 ", ""]),
        *(["", " ", ""], [], ["3", "\t\u2028é\U0001f600", ""]),
    ]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    (tmp_path / "calls.csv").write_bytes(text.getvalue().encode("utf-8-sig"))
    clock = iter([0, 1_720_000_000_123_456_789, *[1_720_000_000_000_000_000] * 9])

    ((first, second, third),) = emit(tmp_path / "calls.csv", tmp_path, clock=lambda: next(clock))

    assert first == {"id": "1", "Case Summary": 'two\nlines, "quoted"', "row_ts": "2024-07-03T09:46:40.123456Z"}
    assert second == {
        "id": "2",
        "row_ts": "2024-07-03T09:46:40.123457Z",
    }  # later than the `row_ts` of the first event, although the clock was set back
    assert third["Case Summary"] == "\t\u2028é\U0001f600"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_encoding_and_delimiter_are_detected(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f"id{delimiter}Straße\n1{delimiter}Café–bar\n"
    (tmp_path / "calls.csv").write_bytes(text.encode(encoding))

    ((event,),) = emit(tmp_path / "calls.csv", tmp_path)

    assert {name: event[name] for name in ("id", "Straße")} == {"id": "1", "Straße": "Café–bar"}


def test_rows_with_wrong_length_are_sent_as_malformed(tmp_path: Path) -> None:
    """A row must have as many cells as the header."""
    (tmp_path / "calls.csv").write_text('id,note\n1,a,b\n2\n3,"x"\n')

    ((more, fewer, right),) = emit(tmp_path / "calls.csv", tmp_path)

    assert (more["_malformed_record"], fewer["_malformed_record"]) == ("1,a,b", "2")
    assert set(more) == {"_malformed_record", "row_ts"}
    assert right["id"] == "3"


@settings(max_examples=50)
@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=3, max_size=3)))
def test_non_blank_cells_keep_their_text(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    folder = tmp_path_factory.mktemp("law")
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    (folder / "calls.csv").write_text(text.getvalue(), encoding="utf-8", newline="")

    files = emit(folder / "calls.csv", folder)

    events = [{name: cell for name, cell in event.items() if name != "row_ts"} for file in files for event in file]
    cells = [dict(zip("abc", row, strict=True)) for row in rows if any(cell and not cell.isspace() for cell in row)]
    assert events == [{name: cell for name, cell in row.items() if cell and not cell.isspace()} for row in cells]


def test_landing_files_have_firehose_names(file: Path, tmp_path: Path) -> None:
    """A landing file has at most `max_events` events."""
    files = emit(file, tmp_path, max_events=4)

    assert [len(events) for events in files] == [4, 4, 2]
    assert ids(files) == [str(n) for n in range(1, 11)]
    for path in (tmp_path / "landing").rglob("calls-*"):
        found = NAME.fullmatch(path.relative_to(tmp_path / "landing").as_posix())
        assert found
        assert path.parent == tmp_path / "landing" / found[1].replace("-", "/")


def test_landing_files_have_limited_size_and_age(file: Path, tmp_path: Path) -> None:
    assert [len(events) for events in emit(file, tmp_path, max_bytes=1, compress=True)] == [1] * 10
    assert all(path.suffix == ".gz" for path in (tmp_path / "landing").rglob("calls-*"))

    (tmp_path / "state.json").unlink()
    timed = tmp_path / "timed"
    target, seconds = LandingFolder(timed, "calls", max_seconds=5, clock=lambda: float(next(ticks))), 3
    ticks = count(0, seconds)
    replay(str(file), target, to="timed", state=tmp_path / "state.json", rate=10, sleep=lambda _: None)
    assert len(landed(timed)) > 1
    assert sorted(ids(landed(timed))) == sorted(str(n) for n in range(1, 11))


def test_events_are_sent_at_the_given_rate(file: Path, tmp_path: Path) -> None:
    waits, now = list[float](), [0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += int(seconds * 1e9)

    ((*_, last),) = emit(file, tmp_path, rate=4, clock=lambda: now[0], sleep=sleep)

    assert sum(waits) == pytest.approx(9 / 4)
    assert last["row_ts"] == "1970-01-01T00:00:02.250000Z"


class KilledError(Exception):
    pass


KILLS = ["mkdir", "write_bytes", "replace", "write_text"]


@pytest.mark.parametrize("method", KILLS)
@pytest.mark.parametrize("after", range(6))
@pytest.mark.parametrize("done", [False, True])
def test_rows_land_exactly_once_after_a_kill(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, after: int, done: bool
) -> None:
    """The killed replay is repeated."""
    real, calls = getattr(Path, method), count()

    def killing(self: Path, *args: Any, **how: Any) -> Any:
        if next(calls) == after:
            if done:
                real(self, *args, **how)
            raise KilledError
        return real(self, *args, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Path, method, killing)
        try:
            emit(file, tmp_path, max_events=3)
        except KilledError:
            monkeypatch.chdir("/")  # run the next replay in another folder, to check that the state has absolute paths

    files = emit(file, tmp_path, max_events=3)

    assert ids(files) == [str(n) for n in range(1, 11)]
    assert not list((tmp_path / "landing").rglob(".*"))
    assert emit(file, tmp_path) == files  # this replay sends nothing, because the earlier replay was complete


def test_the_state_file_of_another_replay_is_rejected(file: Path, tmp_path: Path) -> None:
    emit(file, tmp_path)
    with pytest.raises(
        ReplayError,
        match="the state file belongs to a replay to landing. Give another --state, or remove the state file",
    ):
        replay(str(file), LandingFolder(tmp_path, "x"), to="elsewhere", state=tmp_path / "state.json")
    file.write_text("id,note\n1,other\n")
    with pytest.raises(ReplayError, match="the state file belongs to a replay of a file with different content"):
        emit(file, tmp_path)
    (tmp_path / "state.json").write_text("[]")
    with pytest.raises(ReplayError, match="the file is not the state file of a replay"):
        emit(file, tmp_path)


def test_unreadable_or_incomplete_csv_is_an_error(tmp_path: Path) -> None:
    """A csv is incomplete if it lacks the column of the partition key."""
    with pytest.raises(ReplayError, match=r"nowhere.csv: the file cannot be read \(No such file"):
        emit(tmp_path / "nowhere.csv", tmp_path)
    (tmp_path / "open.csv").write_text('id,note\n1,"never closed\n')
    with pytest.raises(LandedFileError, match="the record that starts in line 2 has a quote that is not closed"):
        emit(tmp_path / "open.csv", tmp_path)
    (tmp_path / "calls.csv").write_text("id,note\n1,a\n")
    with pytest.raises(ReplayError, match=r"column 'Case' is missing. Found: \['id', 'note'\]. Check --partition-key"):
        emit(tmp_path / "calls.csv", tmp_path, partition_key="Case")


def test_firehose_receives_each_event_only_once(
    file: Path, tmp_path: Path, aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeated replay sends no event twice."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    state = str(tmp_path / "state.json")
    for _ in range(2):
        main([str(file), "--to", "firehose:events", "--endpoint-url", aws.url, "--state", state])
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)

    assert sorted(int(event["id"]) for event in aws.landed()) == [*range(1, 11)]


def in_kinesis() -> dict[str, list[dict[str, Any]]]:
    kinesis = boto3.client("kinesis")
    found: dict[str, list[dict[str, Any]]] = {}
    for shard in kinesis.list_shards(StreamName="events")["Shards"]:
        where = {"StreamName": "events", "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**where)["ShardIterator"]
        for record in kinesis.get_records(ShardIterator=iterator)["Records"]:
            found.setdefault(record["PartitionKey"], []).append(json.loads(record["Data"]))
    return found


def test_partition_key_can_come_from_a_column(tmp_path: Path, aws) -> None:
    (tmp_path / "calls.csv").write_text(f"id,case\n1,a\n2,b\n3,a\n4,\n5\n6,{'long' * 100}\n")

    main([
        str(tmp_path / "calls.csv"), "--to", "kinesis:events", "--partition-key", "case",
        "--state", str(tmp_path / "state.json"),
    ])  # fmt: skip

    found = in_kinesis()
    assert [event["id"] for event in found["a"]] == ["1", "3"]
    assert found["4"][0]["id"] == "4"
    assert found["5"][0]["_malformed_record"] == "5"
    assert found[("long" * 100)[:256]][0]["id"] == "6"


def test_oversized_events_are_set_aside_and_logged(tmp_path: Path, aws, caplog) -> None:
    header = ",".join(f"c{n}" for n in range(12))
    large = ",".join(["x" * 100_000] * 12)
    (tmp_path / "calls.csv").write_text(f"{header}\n{'1,' * 11}\n{large}\n{'3,' * 11}\n")

    main([str(tmp_path / "calls.csv"), "--to", "kinesis:events", "--state", str(tmp_path / "state.json")])

    assert sorted(in_kinesis()) == ["1", "3"]
    (kept,) = [json.loads(line) for line in (tmp_path / "state.json.set_aside").read_text().splitlines()]
    assert "the stream takes at most 1 MiB for an event and its partition key together" in kept["reason"]
    assert json.loads(kept["event"])["c11"] == "x" * 100_000
    assert "was set aside in" in caplog.text


def test_only_rejected_records_are_sent_again(file: Path, tmp_path: Path, web) -> None:
    client = boto3.client("kinesis", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    sent: list[list[str]] = []
    client.meta.events.register(
        "provide-client-params.kinesis.PutRecords",
        lambda params, **_: sent.append([record["PartitionKey"] for record in params["Records"]]),
    )
    good, bad = {"SequenceNumber": "1", "ShardId": "s"}, {"ErrorCode": "ProvisionedThroughputExceededException"}
    with Stubber(client) as stub:
        stub.add_response("put_records", {"FailedRecordCount": 2, "Records": [bad, *[good] * 8, bad]})
        stub.add_response("put_records", {"FailedRecordCount": 1, "Records": [good, bad]})
        stub.add_response("put_records", {"Records": [good]})
        replay(str(file), KinesisStream(client, "events", sleep=web.sleep), to="kinesis", state=tmp_path / "state.json")

    assert sent == [[str(n) for n in range(1, 11)], ["1", "10"], ["10"]]
    assert len(web.waits) == 2


def test_rejected_records_do_not_change_the_state(file: Path, tmp_path: Path, web) -> None:
    client = boto3.client("kinesis", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    bad = {"ErrorCode": "InternalFailure"}
    with Stubber(client) as stub:
        for size in [10] * 6:
            stub.add_response("put_records", {"FailedRecordCount": size, "Records": [bad] * size})
        with pytest.raises(ReplayError, match=r"kinesis:events: 10 of 10 record\(s\) were rejected 6 times"):
            replay(str(file), KinesisStream(client, "events", sleep=web.sleep), to="k", state=tmp_path / "state.json")

    assert not (tmp_path / "state.json").exists() or json.loads((tmp_path / "state.json").read_text())["rows"] == 0


def test_missing_stream_or_invalid_endpoint_is_an_error(file: Path, tmp_path: Path, aws, caplog) -> None:
    with pytest.raises(SystemExit):
        main([str(file), "--to", "firehose:nowhere", "--state", str(tmp_path / "state.json")])
    assert "replay: firehose:nowhere: cannot write to the stream (" in caplog.text
    with pytest.raises(SystemExit):
        main([str(file), "--to", "firehose:events", "--endpoint-url", "nonsense", "--state", str(tmp_path / "s.json")])
    assert "role allows firehose:PutRecordBatch" in caplog.text
    assert "replay: firehose:events: cannot connect to AWS (Invalid endpoint: nonsense)" in caplog.text


@pytest.mark.parametrize("to", ["s3://city/landing", "firehse:events"])
def test_an_invalid_target_is_an_error(
    file: Path, tmp_path: Path, caplog, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit):
        main([str(file), "--to", to])

    assert (
        f"{to}: this is not a valid target. Give a folder on this machine, firehose:STREAM or kinesis:" in caplog.text
    )
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize("rate", [0, -1])
def test_rate_must_be_greater_than_zero(file: Path, tmp_path: Path, rate: float) -> None:
    with pytest.raises(ReplayError, match=f"the rate is {rate} events a second. Expected a rate of more than 0"):
        emit(file, tmp_path, rate=rate)


def test_unreadable_file_ends_the_command_with_status_1(tmp_path: Path, caplog) -> None:
    with pytest.raises(SystemExit) as raised:
        main([str(tmp_path / "nowhere.csv"), "--to", str(tmp_path)])

    assert raised.value.code == 1
    assert "nowhere.csv: the file cannot be read" in caplog.text


def test_streams_need_boto3(file: Path, tmp_path: Path, aws) -> None:
    """The advice works: with boto3, the events are sent."""
    project, packages = Path(__file__).parents[2], Path(boto3.__file__).parents[1]

    def run(*path: Path) -> str:
        code = f"import sys; sys.path[:0] = {[*map(str, path)]}; from ingest.replay import main; main(sys.argv[1:])"
        command = [sys.executable, "-I", "-S", "-c", code, str(file), "--to", "firehose:events"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.stderr

    assert run(project) == "replay: firehose:events: boto3 is not installed. Run: pip install boto3\n"
    assert "sent 10 event(s) to firehose:events" in run(project, packages)
