"""A partition object that Great Expectations cannot use is an error before Spark reads a row."""

from __future__ import annotations

import pytest

from expectations.errors import SuiteError

KL = "column_kl_divergence_to_be_less_than"
VALUES = {"values": [1, 2], "weights": [0.5, 0.5]}
BINS = {"bins": [0, 1.5, 3], "weights": [0.5, 0.5]}
TAILS = {"bins": [0, 1.5, 3], "weights": [0.4, 0.4], "tail_weights": [0.1, 0.1]}
INFINITE = {"bins": [float("-inf"), 0, 1.5, 3, float("inf")], "weights": [0.1, 0.4, 0.4, 0.1]}
FORMS = (
    'Write {"values": […], "weights": […]} for a column of categories, or {"bins": […], "weights": […]} for a column '
    "of numbers."
)


@pytest.fixture(scope="session")
def compiled(spark, make_gate, make_entry):
    def run(**kwargs):
        rows = spark.createDataFrame([(1, "a"), (2, "b")], "n int, s string")
        return make_gate(rows, make_entry(KL, "x", **{"column": "n", "threshold": 5} | kwargs))

    return run


@pytest.mark.parametrize(
    "kwargs",
    [
        *({"partition_object": partition} for partition in (None, VALUES, BINS, TAILS, INFINITE)),
        {"partition_object": VALUES | {"tail_weights": [0.1, 0.1]}},
        {"partition_object": BINS, "tail_weight_holdout": 0.1, "internal_weight_holdout": 0.1},
        {"partition_object": {"values": ["a", "b"], "weights": [0.3333333, 0.6666666]}, "column": "s"},
    ],
)
def test_gx_can_use_every_partition_that_the_check_accepts(compiled, kwargs):
    gate = compiled(**kwargs)
    (result,) = gate.validate(gate.rows).results
    assert result["exception_info"].get("raised_exception") is False


@pytest.mark.parametrize(
    ("kwargs", "problem", "remedy"),
    [
        ({"partition_object": {}}, f"partition_object has the keys []. {FORMS}", {"partition_object": VALUES}),
        (
            {"partition_object": [1]},
            f"partition_object is [1], expected an object. {FORMS}",
            {"partition_object": BINS},
        ),
        (
            {"partition_object": {"values": [1], "bins": [1], "weights": [1]}},
            f"partition_object has the keys ['bins', 'values', 'weights']. {FORMS}",
            {"partition_object": {"values": [1], "weights": [1]}},
        ),
        ({"partition_object": {"bins": [1, 2]}}, f"has the keys ['bins']. {FORMS}", {"partition_object": BINS}),
        (
            {"partition_object": {"values": [], "weights": []}},
            "'values' of partition_object is [], expected a list of at least one value.",
            {"partition_object": {"values": [1], "weights": [1]}},
        ),
        (
            {"partition_object": {"values": [1, 2], "weights": "x"}},
            "'weights' of partition_object is 'x', expected a list of at least one value.",
            {"partition_object": VALUES},
        ),
        (
            {"partition_object": {"values": [1, 2], "weights": [1]}},
            f"partition_object has 2 values and 1 weights. {FORMS}",
            {"partition_object": VALUES},
        ),
        (
            {"partition_object": {"values": [1, 1], "weights": [0.5, 0.5]}},
            "'values' of partition_object has [1] twice. Write each value once.",
            {"partition_object": VALUES},
        ),
        (
            {"partition_object": {"values": [1, 2], "weights": [0.5, 0.6]}},
            "the sum of the weights of partition_object is 1.1, expected 1.",
            {"partition_object": VALUES},
        ),
        (
            {"partition_object": {"values": [1, 2], "weights": [1.5, -0.5]}},
            "the weights of partition_object have [-0.5], expected numbers of 0 or more.",
            {"partition_object": VALUES},
        ),
        (
            {"partition_object": {"bins": [0, 1], "weights": [0.5, 0.5]}},
            "'bins' of partition_object has 2 bin edges, expected 3 bin edges for 2 weights.",
            {"partition_object": BINS},
        ),
        (
            {"partition_object": {"bins": [0, 3, 2], "weights": [0.5, 0.5]}},
            "'bins' of partition_object is [0, 3, 2], expected increasing numbers.",
            {"partition_object": BINS},
        ),
        (
            {"partition_object": BINS | {"tail_weights": [0.1]}},
            "'tail_weights' of partition_object is [0.1], expected a list of two numbers.",
            {"partition_object": TAILS},
        ),
        (
            {"partition_object": TAILS, "tail_weight_holdout": 0.1},
            "tail_weight_holdout must be 0 if partition_object has 'tail_weights'. Remove one of them.",
            {"partition_object": TAILS},
        ),
        (
            {"partition_object": INFINITE | {"tail_weights": [0, 0]}},
            "tail_weight_holdout are not valid. Remove them.",
            {"partition_object": INFINITE},
        ),
        (
            {"partition_object": BINS, "bucketize_data": False},
            "bucketize_data is false, which is valid only for a partition_object with 'values'.",
            {"partition_object": VALUES, "bucketize_data": False},
        ),
        (
            {"partition_object": VALUES, "internal_weight_holdout": 0.1},
            "internal_weight_holdout is valid only with 'bins'. Remove the argument.",
            {"partition_object": VALUES},
        ),
        (
            {"partition_object": BINS, "column": "s"},
            "column 's' is text, and 'bins' of partition_object needs numbers.",
            {"partition_object": BINS, "column": "n"},
        ),
        ({"partition_object": VALUES, "threshold": -1}, "threshold is -1, expected a number of 0 or more.", {}),
        (
            {"partition_object": BINS, "tail_weight_holdout": 2},
            "tail_weight_holdout is 2, expected a number from 0 to 1.",
            {"partition_object": BINS, "tail_weight_holdout": 0.1},
        ),
    ],
)
def test_a_malformed_partition_object_is_an_error(compiled, count_jobs, kwargs, problem, remedy):
    """The form that the message asks for is accepted."""
    with pytest.raises(SuiteError) as caught:
        compiled(**kwargs)
    assert caught.value.expectation == "x"
    assert problem in caught.value.problem
    assert count_jobs() == 0
    compiled(**remedy)
