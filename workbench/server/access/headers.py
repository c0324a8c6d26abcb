"""Security headers on every answer of a server with sign-in."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

from workbench.server.access.settings import AccessSettings

_YEAR = 31_536_000
_SIGN_IN_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def pages_csp(access: AccessSettings, hosts: tuple[str, ...]) -> str:
    """What a page may load: nothing from anywhere else.

    Panel starts a page from a script in its HTML and loads components as text, so inline scripts and `eval`
    stay allowed; our own pages escape what they show.
    """
    scheme = "wss" if access.is_secure else "ws"
    sockets = " ".join(f"{scheme}://{host}" for host in hosts)
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' blob: data: {sockets}; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


def security_headers(access: AccessSettings, hosts: tuple[str, ...]) -> type[OutputTransform]:
    """The transform that adds them; pages and the pages around signing in differ in what they may load."""
    common = {
        "X-Content-Type-Options": "nosniff",
        # Not no-referrer: then a form's Origin would be `null` and could not be told from a stranger's.
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }
    if access.is_secure:
        common["Strict-Transport-Security"] = f"max-age={_YEAR}"
    csp = pages_csp(access, hosts)

    class SecurityHeaders(OutputTransform):
        def __init__(self, request: HTTPServerRequest) -> None:
            self._csp = _SIGN_IN_CSP if request.path.startswith(("/login", "/logout")) else csp

        def transform_first_chunk(
            self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
        ) -> tuple[int, HTTPHeaders, bytes]:
            for name, value in common.items():
                headers[name] = value
            headers["Content-Security-Policy"] = self._csp
            headers.pop("Server", None)
            return status_code, headers, chunk

    return SecurityHeaders
