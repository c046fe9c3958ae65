"""Read addresses over HTTP. urllib3 repeats the requests that fail for a temporary reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager, Retry
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, ProtocolError

from ingest.errors import FeedError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse  # urllib3 1.26, which some Lambda runtimes have, lacks this class

T = TypeVar("T")

TIMEOUT_SECONDS = 60.0
MAX_WAIT_SECONDS = 120
_CHUNK_BYTES = 1 << 20


class Retries(Retry):
    """The retries of urllib3. If the server requests a longer wait than `MAX_WAIT_SECONDS`, they end.

    The option `retry_after_max` of urllib3 2.7 and later would shorten the wait instead. Earlier versions of urllib3 do
    not have this option.
    """

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds to wait. If the header `Retry-After` has neither seconds nor a date, return None."""
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        *args: Any,
        **options: Any,
    ) -> Self:
        """Return the retries that are left after a failed attempt.

        Raises:
            MaxRetryError: No retry is left, or the server requests a wait that is too long.
        """
        if response is not None and (self.get_retry_after(response) or 0) > MAX_WAIT_SECONDS:
            raise MaxRetryError(options["_pool"], url or "")
        return super().increment(method, url, response, *args, **options)


RETRIES = Retries(
    total=5,
    backoff_factor=1,  # the waits have 0, 2, 4, 8 and 16 seconds
    status_forcelist=[202, 408, 429, *range(500, 600)],  # 202: Socrata has not finished the query
    raise_on_status=False,
    remove_headers_on_redirect=["X-App-Token"],
)


def read(
    url: str,
    use: Callable[[BaseHTTPResponse], T],
    *,
    headers: Mapping[str, str] | None = None,
    retries: Retry = RETRIES,
) -> T:
    """Request an address, and return the result of `use`. `use` reads the body of the response.

    The request is repeated if the connection, the server or the body fails. The body fails if it is shorter than its
    Content-Length, or if `use` raises ValueError.

    Raises:
        FeedError: The address or the response is not valid, or all attempts failed.
    """
    while True:
        response = _request(url, headers, retries)
        try:
            with response:
                return use(response)
        except (HTTPError, ValueError) as error:
            damage = ProtocolError(_describe(error))
        try:
            retries = (response.retries or retries).increment("GET", url, error=damage)
        except MaxRetryError as error:
            raise _failed(url, damage) from error
        retries.sleep()


def download(
    url: str, path: str | Path, *, check: Callable[[], T], is_empty_valid: bool = False, retries: Retry = RETRIES
) -> T:
    """Download a file completely, and return the result of `check`.

    The download is repeated as in `read`. It is also repeated if `check` raises ValueError.

    Raises:
        FeedError: The address or the response is not valid, or all attempts failed.
    """

    def save(response: BaseHTTPResponse) -> T:
        with Path(path).open("wb") as file:
            shutil.copyfileobj(response, file, _CHUNK_BYTES)
        with Path(path).open("rb") as file:
            reject_web_page(file.read(100))
        if not is_empty_valid and not Path(path).stat().st_size:
            raise ValueError("the server sent an empty file")
        return check()

    return read(url, save, retries=retries)


def split_address(url: str) -> SplitResult:
    """Return the parts of an address.

    Raises:
        FeedError: The address is not valid.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the scheme is not http or https, or the server is missing")
    except ValueError as error:
        raise _not_valid(url, error) from error
    return parts


def reject_web_page(start: bytes) -> None:
    """Check the first bytes of a body.

    Raises:
        ValueError: The body is a web page.
    """
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise ValueError("the server sent a web page instead of data")


def _request(url: str, headers: Mapping[str, str] | None, retries: Retry) -> BaseHTTPResponse:
    try:
        response = _make_pool(url).request(
            "GET",
            url,
            headers=headers,
            retries=retries,
            timeout=TIMEOUT_SECONDS,
            preload_content=False,
            enforce_content_length=True,  # the default of urllib3 1.26 is False
        )
    except MaxRetryError as error:
        raise _failed(url, error.reason or error) from error
    except ValueError as error:
        raise _not_valid(url, error) from error
    if response.status == 200:
        return response
    with response:
        raise _describe_status(url, response, retries)


def _make_pool(url: str) -> PoolManager:
    """Return a pool that uses the proxy of the environment, as `urllib.request` does."""
    parts = split_address(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(str(parts.hostname)):
        return ProxyManager(proxy if "://" in proxy else f"http://{proxy}")
    return PoolManager()


def _describe_status(url: str, response: BaseHTTPResponse, retries: Retry) -> FeedError:
    status = f"HTTP {response.status} {response.reason}"
    requested = response.headers.get("Retry-After")
    if requested and (retries.get_retry_after(response) or 0) > MAX_WAIT_SECONDS:
        problem = f"{status}. The server requests a wait (Retry-After: {requested}). Run again after this wait."
        return FeedError(where=url, problem=problem)
    if retries.is_retry("GET", response.status, bool(requested)):
        return _failed(url, status)
    try:
        message = response.read(500).decode(errors="replace")
    except HTTPError:
        message = "(the connection broke before the message of the server)"
    return FeedError(where=url, problem=f"{status}: {message}. Check the address and its query.")


def _not_valid(url: str, reason: ValueError) -> FeedError:
    problem = f"this is not a valid address ({reason}). Expected an address that starts with https:// or http://."
    return FeedError(where=url, problem=problem)


def _failed(url: str, reason: object) -> FeedError:
    problem = (
        f"the request failed, and its retries too: {_describe(reason)}. Check the address. If the address is right, run"
    )
    problem = f"{problem} again later."
    return FeedError(where=url, problem=problem)


def _describe(reason: object) -> str:
    """Return the message of an error. urllib3 starts some messages with the address of a Python object."""
    text = str(reason.args[-1] if isinstance(reason, Exception) and reason.args else reason).rpartition(">: ")[2]
    return (
        text
        if isinstance(reason, str) or type(reason) in (ValueError, ProtocolError)
        else f"{type(reason).__name__}: {text}"
    )
