"""Signatures are those of the specification, by its own example and by an independent computation."""

from __future__ import annotations

import base64
import subprocess

import pytest

from tests.events.receiver import SECRET
from workbench.events.signing import signed_headers, signing_key

BODY = b'{"test": 2432232314}'


def test_the_published_example() -> None:
    """Of https://github.com/standard-webhooks/standard-webhooks, in the tests of every library there."""
    headers = signed_headers(signing_key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_openssl_computes_the_same() -> None:
    key = base64.b64decode(SECRET.removeprefix("whsec_")).hex()
    digest = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"],
        input=b"evt_1.1700000000.{}", capture_output=True, check=True, timeout=20,
    ).stdout  # fmt: skip
    headers = signed_headers(signing_key(SECRET), "evt_1", 1700000000, b"{}")
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64 at all!"]
)
def test_another_secret_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match=r"must be whsec_ followed by 24 to 64 random bytes") as error:
        signing_key(secret)
    assert secret in ("", "whsec_") or secret not in str(error.value)
