"""Checks the signature of a webhook, which proves that Twilio sent it. Pure.

Rule (Twilio's security guide and its official validator): HMAC over the address that Twilio called and, for a
form, every field's name and value in order of the names; base64. For a JSON body the address contains the
body's SHA-256 instead. Twilio is not consistent about the port, so the signature may be of the address with
or without it. This is our own code, because the official validator raises on a missing signature, on repeated
fields and on IPv6.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from workbench.settings import Secret

SIGNATURE_HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
"""The header that names the shared key and the algorithm; without it the auth token and SHA-1 apply."""

AUTH_TOKEN = ""
"""The name of the auth token among the secrets; a shared key has its own name."""

Verdict = Literal["genuine", "missing", "wrong", "unknown key", "unknown algorithm"]

_HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}


def check_form(
    secrets: Mapping[str, Secret],
    url: str,
    fields: Mapping[str, Sequence[str]],
    *,
    signature: str | None,
    settings: str | None = None,
) -> Verdict:
    """Whether a form was signed with one of our secrets; anything but `genuine` must be refused.

    Args:
        secrets: the auth token under :data:`AUTH_TOKEN`, shared keys under their names.
        url: the address as Twilio called it, with its query; a fragment is not signed.
        fields: all fields that were received, with empty values and unknown names.
        signature: the value of :data:`SIGNATURE_HEADER`.
        settings: the value of :data:`SETTINGS_HEADER`.
    """
    return _check(secrets, url, _signed_text(fields), signature, settings)


def sign_form(secrets: Mapping[str, Secret], url: str, fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The headers that Twilio would send with a form: signed with the auth token, else with a shared key."""
    name = AUTH_TOKEN if AUTH_TOKEN in secrets else next(iter(secrets))
    algorithm = "HMAC_SHA1" if name == AUTH_TOKEN else "HMAC_SHA256"
    signature = _sign(secrets[name], url.partition("#")[0] + _signed_text(fields), algorithm)
    named = {} if name == AUTH_TOKEN else {SETTINGS_HEADER: f"key={name},algorithm={algorithm}"}
    return {SIGNATURE_HEADER: signature, **named}


def _signed_text(fields: Mapping[str, Sequence[str]]) -> str:
    return "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))


def check_json(
    secrets: Mapping[str, Secret],
    url: str,
    body: bytes,
    *,
    signature: str | None,
    settings: str | None = None,
) -> Verdict:
    """As :func:`check_form`, for a JSON body; its hash must be in the signed address."""
    hashes = parse_qs(urlsplit(url).query).get("bodySHA256", [])
    if len(hashes) != 1 or not _same(hashlib.sha256(body).hexdigest(), hashes[0].lower()):
        return "wrong" if signature else "missing"
    return _check(secrets, url, "", signature, settings)


def url_variants(url: str) -> tuple[str, str]:
    """The address without and with its port; otherwise its text is not changed."""
    url = url.partition("#")[0]
    parts = urlsplit(url)
    if parts.port is None:
        port = 443 if parts.scheme == "https" else 80
        return url, url.replace(parts.netloc, f"{parts.netloc.rstrip(':')}:{port}", 1)
    return url.replace(parts.netloc, parts.netloc.rpartition(":")[0], 1), url


def _check(
    secrets: Mapping[str, Secret], url: str, signed: str, signature: str | None, settings: str | None
) -> Verdict:
    if not signature or not signature.strip():
        return "missing"
    named = _read_settings(settings)
    secret, algorithm = secrets.get(named.get("key", AUTH_TOKEN)), named.get("algorithm", "HMAC_SHA1")
    if algorithm.upper() not in _HASHES:
        return "unknown algorithm"
    if secret is None or not secret.reveal():
        return "unknown key"
    # Both are always compared, each in constant time, so that the duration reveals nothing.
    matches = [
        _same(_sign(secret, variant + signed, algorithm.upper()), signature.strip())
        for variant in url_variants(url)
    ]
    return "genuine" if any(matches) else "wrong"


def _read_settings(header: str | None) -> dict[str, str]:
    """The parts of `key=…,algorithm=…` by name; parts without a value are ignored."""
    pairs = (part.partition("=") for part in (header or "").split(","))
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


def _sign(secret: Secret, text: str, algorithm: str) -> str:
    # Bytes that are not UTF-8 are kept as surrogates, because the signature is over the bytes.
    signed = text.encode("utf-8", "surrogateescape")
    mac = hmac.new(secret.reveal().encode(), signed, _HASHES[algorithm])
    return base64.b64encode(mac.digest()).decode()


def _same(first: str, second: str) -> bool:
    # As bytes, because a text is compared in constant time only if it is ASCII, and a header may hold
    # anything.
    return hmac.compare_digest(first.encode(), second.encode("utf-8", "surrogateescape"))
