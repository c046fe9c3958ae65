import pytest

from jobs.arguments import parse_arguments
from jobs.dataset import JOB


def test_stage_option_selects_one_stage() -> None:
    assert parse_arguments("calls", ["--landing", "x"]).stages == ("ingest", "refine", "curate")
    assert parse_arguments("calls", ["--stage", "refine"]).stages == ("refine",)


def test_most_arguments_added_by_glue_are_ignored() -> None:
    """AWS Glue adds many arguments. The job uses only the workflow name and the run ID."""
    args = parse_arguments(
        "calls",
        [
            *(
                "--enable-metrics",
                "true",
                "--job-bookmark-option",
                "job-bookmark-disable",
                "--JOB_ID",
                "j_a123",
                "true",
            ),
            *("--enable-continuous-cloudwatch-log", "true", "--enable-observability-metrics", "true"),
            *("--enable-glue-datacatalog", "true", "--enable-spark-ui", "true", "--enable-auto-scaling", "true"),
            *("--spark-event-logs-path", "s3://x/ui/", "--job-language", "python", "--datalake-formats", "iceberg"),
            *("--conf", "spark.a=b --conf spark.c=d", "--extra-py-files", "s3://x/a.zip", "--TempDir", "s3://x/tmp/"),
            *("--additional-python-modules", "s3://x/c.whl,p==1", "--enable-job-insights", "", "--stage", "refine"),
            *("--warehouse", "s3://city/wh", "--landing", "s3://city/landing", "--masking-key", "secretsmanager:k"),
            *("--JOB_RUN_ID", "jr_z456", "--JOB_NAME", "calls_refine", "--WORKFLOW_NAME", "w"),
            *("--WORKFLOW_RUN_ID", "wr_1", "--SECURITY_CONFIGURATION", "s", "--encryption-type", "sse-s3"),
        ],
    )

    assert (args.stages, args.landing, args.warehouse) == (("refine",), "s3://city/landing", "s3://city/wh")
    assert (args.run_id, args.workflow, args.masking_key, args.rebuild) == ("wr_1", "w", "secretsmanager:k", False)


@pytest.mark.parametrize(
    ("argv", "rebuild"),
    [
        ([], False),
        (["--rebuild"], True),
        (["--rebuild", "--JOB_ID", "j_1"], True),
        (["--rebuild", "true"], True),
        (["--rebuild", "False"], False),
    ],
)
def test_rebuild_option_accepts_true_or_false(argv: list[str], rebuild: bool) -> None:
    assert parse_arguments("calls", ["--stage", "refine", *argv]).rebuild is rebuild


def test_workflow_run_id_defaults_to_job_run_id() -> None:
    """A job without a workflow uses the ID of its AWS Glue job run."""
    assert parse_arguments("calls", ["--stage", "curate", "--JOB_RUN_ID", "jr_1"]).run_id == "jr_1"
    assert parse_arguments("calls", ["--stage", "curate"]).run_id


@pytest.mark.parametrize(
    ("argv", "parameters"),
    [
        ([], {}),
        (["--parameter", ""], {}),
        (["--parameter", "--JOB_ID", "j_1"], {}),
        (["--parameter", "low=5", "--parameter", "zip=02134"], {"low": 5, "zip": "02134"}),
        (["--parameter", '{"low": 5, "days": ["Mon"]}', "--JOB_ID", "j_1"], {"low": 5, "days": ["Mon"]}),
    ],
)
def test_suite_parameters_are_options_or_one_object(argv: list[str], parameters: dict[str, object]) -> None:
    """AWS Glue passes a key only once. A template of CloudFormation passes an empty value by default."""
    assert parse_arguments("calls", ["--stage", "refine", *argv]).parameters == parameters


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--stage", "refine", "--parameter", "low"], "--parameter low: expected NAME=VALUE"),
        (
            ["--stage", "refine", "--parameters=low=5"],
            "--parameters is not an argument of this job. Did you mean --para",
        ),
        (["--stage", "ingest"], "the stage ingest needs --landing"),
        (["--stage", "clean"], "invalid choice: 'clean'"),
        (["--stag", "refine"], "--stag is not an argument of this job. Did you mean --stage?"),
        (["--stage", "refine", "--rebuild", "yes"], "'yes' is not valid. Expected true or false"),
        (["--stage", "refine", "--warehous=x"], "--warehous is not an argument of this job. Did you mean --warehouse?"),
    ],
)
def test_invalid_arguments_print_the_reason(argv: list[str], message: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        parse_arguments("calls", argv)

    assert message in capsys.readouterr().err


def test_maintenance_requires_the_dataset_option(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        parse_arguments("maintain", [], stages=["compact"])

    assert "the following arguments are required: --dataset" in capsys.readouterr().err
    assert parse_arguments("maintain", ["--dataset", "calls"], stages=["compact"]).dataset == "calls"


def test_the_dataset_must_exist(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        JOB.parse(["--dataset", "contact_center", "--landing", "x"])

    assert (
        "argument --dataset: dataset 'contact_center': module transforms.datasets.contact_center does not exist. "
        "Found: ['contact_centre', 'inquiry_volume', 'police_dispatch', 'registrar', 'service_requests']. "
        "Did you mean 'contact_centre'?"
    ) in capsys.readouterr().err
    with pytest.raises(SystemExit):
        JOB.parse(["--landing", "x"])
    assert "the following arguments are required: --dataset" in capsys.readouterr().err


def test_all_runs_only_the_default_stages() -> None:
    assert JOB.parse(["--dataset", "police_dispatch", "--landing", "x"]).stages == ("ingest", "refine", "curate")
    crawl = JOB.parse(["--dataset", "police_dispatch", "--landing", "x", "--stage", "crawl"])
    assert (crawl.dataset, crawl.stages) == ("police_dispatch", ("crawl",))
    named = parse_arguments("calls", ["--stage", "resolve", "--row-by-row", "true"], stages=("ingest", "resolve"))
    assert (named.stages, named.row_by_row) == (("resolve",), True)
