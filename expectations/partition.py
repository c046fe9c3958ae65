"""Check the partition object of `expect_column_kl_divergence_to_be_less_than`, before Great Expectations reads a row.

Great Expectations checks a partition object only while it validates the rows. Its messages do not say what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pyspark.sql import types as T

from expectations.errors import TextColumnError
from expectations.frame import Frame

_FORMS = (
    'Write {"values": […], "weights": […]} for a column of categories, or {"bins": […], "weights": […]} for a column '
    "of numbers"
)


def require_partition(
    frame: Frame,
    column: str,
    partition_object: Any = None,
    threshold: Any = None,
    bucketize_data: Any = True,
    tail_weight_holdout: Any = 0,
    internal_weight_holdout: Any = 0,
    **_: Any,
) -> None:
    """Raise ValueError if Great Expectations cannot use the partition object for the column.

    If the expectation has no partition object, Great Expectations builds a partition object from the column itself.
    """
    if threshold is not None and (not _is_number(threshold) or threshold < 0):
        raise ValueError(f"threshold is {threshold!r}, expected a number of 0 or more")
    holdouts = {"tail_weight_holdout": tail_weight_holdout, "internal_weight_holdout": internal_weight_holdout}
    for name, holdout in holdouts.items():
        if not _is_number(holdout) or not 0 <= holdout <= 1:
            raise ValueError(f"{name} is {holdout!r}, expected a number from 0 to 1")
    if partition_object is None and threshold is None:
        problem = "partition_object and threshold have no value, so the expectation checks nothing"
        raise ValueError(f"{problem}. Give them values, or remove the expectation")
    if partition_object is None:
        return
    _require_lists(partition_object)
    if "values" in partition_object:
        _require_values(partition_object, internal_weight_holdout)
    else:
        _require_bins(partition_object, bucketize_data, tail_weight_holdout)
        if isinstance(frame.type_of(column), T.StringType):
            raise TextColumnError(column, f"column {column!r} is text, and 'bins' of partition_object needs numbers")
    _require_weights(partition_object)


def _require_lists(partition: Any) -> None:
    if not isinstance(partition, dict):
        raise ValueError(f"partition_object is {partition!r}, expected an object. {_FORMS}")
    labels = [name for name in ("values", "bins") if name in partition]
    if len(labels) != 1 or "weights" not in partition:
        raise ValueError(f"partition_object has the keys {sorted(partition)}. {_FORMS}")
    for name in (*labels, "weights"):
        if not isinstance(partition[name], list) or not partition[name]:
            found = f"{name!r} of partition_object is {partition[name]!r}"
            raise ValueError(f"{found}, expected a list of at least one value")


def _require_weights(partition: Mapping[str, Any]) -> None:
    weights = partition["weights"]
    if "bins" in partition and "tail_weights" in partition:  # GX ignores the tails of categories.
        tails = partition["tail_weights"]
        if not isinstance(tails, list) or len(tails) != 2:
            raise ValueError(f"'tail_weights' of partition_object is {tails!r}, expected a list of two numbers")
        weights = [*weights, *tails]
    if wrong := [weight for weight in weights if not _is_number(weight) or weight < 0]:
        raise ValueError(f"the weights of partition_object have {wrong}, expected numbers of 0 or more")
    if not math.isclose(total := sum(weights), 1, rel_tol=1e-5, abs_tol=1e-8):
        raise ValueError(f"the sum of the weights of partition_object is {total:.6g}, expected 1")


def _require_values(partition: Mapping[str, Any], internal_weight_holdout: Any) -> None:
    values, weights = partition["values"], partition["weights"]
    if len(values) != len(weights):
        raise ValueError(f"partition_object has {len(values)} values and {len(weights)} weights. {_FORMS}")
    if repeated := [value for number, value in enumerate(values) if value in values[:number]]:
        raise ValueError(f"'values' of partition_object has {repeated} twice. Write each value once")
    if internal_weight_holdout:
        raise ValueError("internal_weight_holdout is valid only with 'bins'. Remove the argument")


def _require_bins(partition: Mapping[str, Any], bucketize_data: Any, tail_weight_holdout: Any) -> None:
    bins, weights = partition["bins"], partition["weights"]
    if len(bins) != len(weights) + 1:
        expected = f"expected {len(weights) + 1} bin edges for {len(weights)} weights"
        raise ValueError(f"'bins' of partition_object has {len(bins)} bin edges, {expected}")
    if not all(map(_is_number, bins)) or any(low >= high for low, high in pairwise(bins)):
        raise ValueError(f"'bins' of partition_object is {bins}, expected increasing numbers")
    if bucketize_data is False:
        raise ValueError("bucketize_data is false, which is valid only for a partition_object with 'values'. Remove it")
    if "tail_weights" in partition and tail_weight_holdout:
        raise ValueError("tail_weight_holdout must be 0 if partition_object has 'tail_weights'. Remove one of them")
    ends = [math.isinf(bins[0]), math.isinf(bins[-1])]
    if any(ends) and ("tail_weights" in partition or (all(ends) and tail_weight_holdout)):
        raise ValueError(
            "'bins' of partition_object starts or ends with an infinite number, so 'tail_weights' and "
            "tail_weight_holdout are not valid. Remove them"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)
