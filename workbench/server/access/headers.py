"""Security headers, and the id of the request, on every answer of every server, with and without sign-in."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

from workbench.logs.request_ids import HEADER, current_request_id
from workbench.settings import AccessSettings

_YEAR = 31_536_000
STRICT_CSP = (
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


def common_headers(is_secure: bool) -> dict[str, str]:
    """What every answer of every server says; over https browsers then insist on it."""
    common = {
        "X-Content-Type-Options": "nosniff",
        # Not no-referrer: then a form's Origin would be `null` and could not be told from a stranger's.
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()",
    }
    return {**common, "Strict-Transport-Security": f"max-age={_YEAR}"} if is_secure else common


def security_headers(csp: str = STRICT_CSP, *, is_secure: bool = False) -> type[OutputTransform]:
    """The transform that adds them.

    Args:
        csp: the policy of an answer that has none of its own.
        is_secure: whether people come over https; browsers then insist on it.
    """
    common = common_headers(is_secure)

    class SecurityHeaders(OutputTransform):
        def __init__(self, request: HTTPServerRequest) -> None:
            pass

        def transform_first_chunk(
            self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
        ) -> tuple[int, HTTPHeaders, bytes]:
            for name, value in common.items():
                headers[name] = value
            if "Content-Security-Policy" not in headers:
                headers["Content-Security-Policy"] = csp
            if request_id := current_request_id():
                headers[HEADER] = request_id
            headers.pop("Server", None)
            return status_code, headers, chunk

    return SecurityHeaders
