"""The settings of Lambdas. Each setting is an environment variable."""

from __future__ import annotations

import os

from ingest.errors import SettingError


def read_setting(name: str) -> str:
    """Return an environment variable.

    Raises:
        SettingError: The variable is not set, or is blank.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        problem = "the variable is not set or is blank. Set it. The docstring of the handler explains all variables."
        raise SettingError(where=f"environment variable {name}", problem=problem)
    return value


def read_s3_setting(name: str, *, needs_key: bool = True) -> tuple[str, str]:
    """Return the bucket and the key of an environment variable that is an address in S3.

    Raises:
        SettingError: The variable is not set, or has no bucket. Or it has no key although `needs_key` is True.
    """
    value = read_setting(name)
    bucket, _, key = value.removeprefix("s3://").partition("/")
    if not value.startswith("s3://") or not bucket or (needs_key and not key):
        problem = f"{value!r} is not an address in S3. Expected an address such as s3://BUCKET/KEY."
        raise SettingError(where=f"environment variable {name}", problem=problem)
    return bucket, key
