"""Signing in through an OpenID Connect provider: Panel's own OAuth flow, and our session at its end.

Panel asks the provider and checks the `state`; the tokens it gets are not kept, because nothing here needs
them once it is known who came. Any provider with a discovery document will do.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from typing import Any

import httpx
from panel.auth import STATE_COOKIE_NAME, GenericLoginHandler, decode_token
from tornado.web import HTTPError

from workbench.errors import ConfigError, Unreachable
from workbench.server.access.handlers import AccessHandler
from workbench.server.access.sign_in_page import refusal_page
from workbench.settings import AccessSettings

log = logging.getLogger(__name__)

_DISCOVERY = "/.well-known/openid-configuration"
_CLOCK_SKEW, _STATE_SECONDS = 120, 600


def panel_options(access: AccessSettings, path: str) -> dict[str, Any]:
    """Panel's own options for the provider, found by its issuer.

    Raises:
        Unreachable: the provider does not answer.
        ConfigError: the answer is not a discovery document of that issuer.
    """
    oauth = access.provider
    assert oauth
    assert oauth.client_secret
    endpoints = discover(oauth.issuer)
    return {
        "oauth_key": oauth.client_id,
        "oauth_secret": oauth.client_secret.reveal(),
        "oauth_redirect_uri": f"{access.url}{path}",
        "oauth_extra_params": {
            "AUTHORIZE_URL": endpoints["authorization_endpoint"],
            "TOKEN_URL": endpoints["token_endpoint"],
            "USER_URL": endpoints.get("userinfo_endpoint"),
            "USER_KEY": "email",
            "scope": ["openid", "email"],
        },
    }


def discover(issuer: str) -> dict[str, Any]:
    """The provider's addresses; raises as :func:`panel_options`."""
    try:
        answer = httpx.get(issuer + _DISCOVERY, timeout=10, follow_redirects=False)
    except httpx.HTTPError as error:
        raise Unreachable(f"The sign-in provider {issuer} does not answer: {error}.") from error
    try:
        document = answer.json() if answer.status_code == 200 else {}
    except ValueError:
        document = {}
    missing = [
        name for name in ("issuer", "authorization_endpoint", "token_endpoint") if not document.get(name)
    ]
    if missing or document["issuer"].rstrip("/") != issuer:
        raise ConfigError(
            f"[access.oauth] issuer is {issuer!r}, but {issuer}{_DISCOVERY} is no discovery document of it "
            f"(HTTP {answer.status_code}, issuer {document.get('issuer')!r}). Copy the issuer from the "
            "provider."
        )
    return dict(document)


def provider_handler() -> type:
    """The handler; each server's application has its own settings, so the class holds nothing."""
    return ProviderHandler


class ProviderHandler(GenericLoginHandler, AccessHandler):  # type: ignore[misc]
    """Goes to the provider, and lets in who comes back."""

    _login_endpoint = "/login/provider"
    _claims: dict[str, Any] | None = None

    async def get_authenticated_user(self, *args: Any, code: str | None = None, **kwargs: Any) -> str | None:
        """Panel's, with who came back turned into a session of ours."""
        email = await super().get_authenticated_user(*args, code=code, **kwargs)
        if code:
            self._let_in(check_claims(self._claims, self.gate.access))
        return email  # type: ignore[no-any-return]

    def set_secure_cookie(self, name: str, value: str | bytes, *_: Any, **options: Any) -> None:
        """Panel's cookies: the `state` is kept for some minutes, the claims are read, tokens are dropped."""
        if name == STATE_COOKIE_NAME:
            self.set_signed_cookie(
                name,
                value,
                expires_days=None,
                max_age=_STATE_SECONDS,
                httponly=True,
                secure=self.gate.access.is_secure,
                samesite="Lax",
            )
        elif name == "id_token":
            self._claims = read_claims(value)

    def _let_in(self, email: str) -> None:
        address = self.gate.caller(self.request).address
        role = self.gate.access.role_of(email)
        if role is None:
            self.gate.trail.note("sign-in-refused", f"user:{email}", address=address, reason="no role")
            raise HTTPError(403, f"{email} has no role here. An admin can give one in [access.roles].")
        self.gate.trail.note("sign-in", f"user:{email}", address=address, role=role, method="oauth")
        self.gate.sessions.start(self, email)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        log.warning("a sign-in through the provider failed: %s", error)
        message = "The provider did not confirm who you are. Try again."
        if isinstance(error, HTTPError) and status_code == 403 and error.log_message:
            message = error.log_message
        self.set_status(status_code if status_code in (401, 403) else 502)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(refusal_page("You are not signed in", message, self.dark))


def read_claims(value: str | bytes) -> dict[str, Any]:
    """The claims as Panel hands them over: an ID token, or the provider's user information in base64."""
    text = value.decode() if isinstance(value, bytes) else value
    if text.count(".") == 2:
        return dict(decode_token(text))
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def check_claims(claims: dict[str, Any] | None, access: AccessSettings, now: float | None = None) -> str:
    """The e-mail address that the provider confirms, in lower case.

    The token came from the provider itself over TLS, so its signature need not be checked (OpenID Connect
    Core 3.1.3.7); whom it was made for, by whom and until when must.

    Raises:
        HTTPError: 401 or 403, with the reason.
    """
    oauth, now = access.provider, time.time() if now is None else now
    if not claims or not oauth:
        raise HTTPError(401, "the provider said nothing about who came")
    audience = claims.get("aud", oauth.client_id)
    if oauth.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise HTTPError(401, "the token was made for another application")
    if str(claims.get("iss", oauth.issuer)).rstrip("/") != oauth.issuer:
        raise HTTPError(401, "the token is another issuer's")
    if float(claims.get("exp", now)) < now - _CLOCK_SKEW:
        raise HTTPError(401, "the token has expired")
    if claims.get("email_verified") in (False, "false"):
        raise HTTPError(403, "Your provider has not verified your e-mail address.")
    return str(claims["email"]).lower()
