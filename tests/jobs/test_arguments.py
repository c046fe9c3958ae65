import pytest

from jobs.arguments import parse_arguments


def test_all_stages_by_default_and_one_if_asked() -> None:
    assert parse_arguments("calls", ["--landing", "x"]).stages == ("ingest", "refine", "curate")
    assert parse_arguments("calls", ["--stage", "refine"]).stages == ("refine",)


def test_glues_own_arguments_are_ignored_and_its_run_id_is_taken() -> None:
    args = parse_arguments(
        "calls",
        "--JOB_NAME calls --TempDir s3://x --enable-metrics --job-bookmark-option job-bookmark-disable --stage curate "
        "--WORKFLOW_NAME w --WORKFLOW_RUN_ID wr_1 --JOB_RUN_ID jr_1 --warehouse s3://city/wh".split(),
    )

    assert (args.stages, args.workflow, args.run_id, args.warehouse) == (("curate",), "w", "wr_1", "s3://city/wh")


def test_a_job_run_without_a_workflow_has_its_own_id() -> None:
    assert parse_arguments("calls", ["--stage", "curate", "--JOB_RUN_ID", "jr_1"]).run_id == "jr_1"
    assert parse_arguments("calls", ["--stage", "curate"]).run_id


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--stage", "ingest"], "--landing is needed to ingest"),
        (["--stage", "clean"], "invalid choice: 'clean'"),
        (["--stag", "refine"], "--stag is no argument of this job; did you mean --stage?"),
        (["--stage", "refine", "--warehous=x"], "--warehous is no argument of this job; did you mean --warehouse?"),
    ],
)
def test_wrong_arguments_say_what_is_expected(argv: list[str], message: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        parse_arguments("calls", argv)

    assert message in capsys.readouterr().err
