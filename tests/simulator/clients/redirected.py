"""Runs a Python program whose requests to Twilio's hosts go to another address instead.

``python redirected.py BASE_URL MODULE:FUNCTION ARGUMENTS…``, in the environment of that program.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

_send = HTTPAdapter.send


def redirect_to(base_url: str) -> None:
    """Send every request for a host of twilio.com to `base_url`, with the same path and query."""
    base = urlsplit(base_url)

    def send(
        self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        parts = urlsplit(request.url or "")
        if parts.hostname is not None and parts.hostname.endswith("twilio.com"):
            request.url = urlunsplit(parts._replace(scheme=base.scheme, netloc=base.netloc))
        return _send(self, request, *args, **kwargs)

    HTTPAdapter.send = send  # type: ignore[method-assign]


if __name__ == "__main__":
    redirect_to(sys.argv[1])
    module, _, function = sys.argv[2].partition(":")
    sys.argv = [module, *sys.argv[3:]]
    getattr(importlib.import_module(module), function)()
