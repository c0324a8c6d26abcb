"""Checks the signature of a webhook, which proves that Twilio sent it. Pure.

Rule (Twilio's security guide and its official validator): HMAC over the address that Twilio called and, for a
form, every field's name and value in order of the names; base64. For a JSON body the address contains the
body's SHA-256 instead. Twilio is not consistent about the port, so the signature may be of the address with
or without it, nor about characters of the query such as ', which may be signed as %27 or the other way round
(its official validator for Node tries the same forms). This is our own code, because the official validator
raises on a missing signature, on repeated fields and on IPv6.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

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


def _signed_forms(url: str) -> list[str]:
    """Every text that Twilio may have signed: by the case of the host, the port and the form of the query."""
    written = dict.fromkeys(form for case in (url, _lower_host(url)) for form in url_variants(case))
    return [
        f"{address}{mark}{query}"
        for address, mark, text in (form.partition("?") for form in written)
        for query in dict.fromkeys((text, _encoded_query(text), _legacy_query(text)))
    ]


def _lower_host(url: str) -> str:
    """Scheme and host, which mean the same in any case, as most programs write them."""
    parts = urlsplit(url)
    if not parts.netloc:
        return url
    return f"{parts.scheme}://{parts.netloc.lower()}{url.partition(parts.netloc)[2]}"


def _encoded_query(query: str) -> str:
    """As browsers and Node write the query of an address: ' and what is no visible ASCII is encoded."""
    return quote(
        query,
        safe="".join(sign for sign in map(chr, range(0x21, 0x7F)) if sign not in "\"#<>'"),
        errors="surrogateescape",
    )


def _legacy_query(query: str) -> str:
    """As Node's older module writes it: decoded, grouped by name and encoded again, but for ! ' ( ) *."""
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    pairs = [(name, value) for name, values in fields.items() for value in values]
    return "&".join(f"{_legacy_quote(name)}={_legacy_quote(value)}" for name, value in pairs)


def _legacy_quote(text: str) -> str:
    return quote(text, safe="!'()*", errors="surrogateescape")


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
    # All are always compared, each in constant time, so that the duration reveals nothing.
    matches = [
        _same(_sign(secret, variant + signed, algorithm.upper()), signature.strip())
        for variant in _signed_forms(url)
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
