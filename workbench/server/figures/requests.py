"""The figures of one server: its requests, what it logs, its process; and the handler that shows them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.exposition import choose_encoder
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from workbench.server.access.headers import STRICT_CSP

log = logging.getLogger(__name__)

METRICS_PATH = "/metrics"
SEND_TOKEN = "Send the token of metrics.token in the home, as Authorization: Bearer TOKEN.\n"
_READ_SECONDS = 20.0
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
#: Kinds of requests, by the name of a class of the handler that answered.
_KINDS = {
    "StatusHandler": "status_callback", "InboundHandler": "inbound_webhook", "LiveHandler": "health",
    "HealthHandler": "health", "ReadyHandler": "health", "MetricsHandler": "metrics",
    "DownloadHandler": "download", "LoginHandler": "sign_in", "LogoutHandler": "sign_in",
    "LinkHandler": "sign_in", "StrangerHandler": "sign_in", "MisdirectedHandler": "refused",
    "RefusedHandler": "refused", "WSHandler": "websocket", "DocHandler": "page",
    "StaticFileHandler": "static", "StaticHandler": "static", "RedirectHandler": "redirect",
    "NotFoundHandler": "not_found", "ErrorHandler": "not_found",
}  # fmt: skip


class Figures:
    """The figures of one server; others add their collectors to `registry`.

    Args:
        process: which server, as `pages`.
    """

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        build = Info("workbench_build", "The version, and which server this is.", registry=self.registry)
        build.info({"version": version("workbench"), "process": process})
        self._requests = Counter(
            "workbench_http_requests", "Answered requests.", ["kind", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "workbench_http_request_seconds", "Time to answer a request.", ["kind"],
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.log_counter = LogCounter(self.registry)

    def note(self, handler: RequestHandler) -> None:
        """Count an answered request, and say it to who debugs; for Tornado's `log_function`."""
        names = (_KINDS.get(cls.__name__) for cls in type(handler).__mro__)
        kind = next(filter(None, names), "other")
        self.count(kind, handler.get_status(), handler.request.request_time())

    def count(self, kind: str, status: int, seconds: float) -> None:
        """Count an answered request, and say it to who debugs.

        Args:
            kind: one of a fixed list, as the name of a route; never a path, which may hold a number.
        """
        self._requests.labels(kind, status).inc()
        self._seconds.labels(kind).observe(seconds)
        log.debug("a request of the kind %s was answered %d in %.3f s", kind, status, seconds)

    def gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a value that is asked for when somebody looks."""
        Gauge(name, text, registry=self.registry).set_function(value)


class LogCounter(logging.Handler):
    """Counts lines of the log from warnings on."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(logging.WARNING)
        self._lines = Counter(
            "workbench_log_lines", "Lines of the log, before any are left out.", ["level"], registry=registry
        )
        for level in ("warning", "error", "critical"):
            self._lines.labels(level)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.labels(record.levelname.lower()).inc()

    def __enter__(self) -> None:
        logging.getLogger().addHandler(self)

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)


class MetricsHandler(RequestHandler):
    """Answers whoever sends the token of `metrics.token`, as ``Authorization: Bearer TOKEN``.

    This machine alone is no proof: a tunnel or proxy in front brings everybody from it.
    """

    def initialize(self, figures: Figures, is_own: Callable[[HTTPServerRequest], bool]) -> None:
        self._figures, self._is_own = figures, is_own

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", STRICT_CSP)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/plain; charset=utf-8")

    async def get(self) -> None:
        if not self._is_own(self.request):
            self.set_status(401)
            self.set_header("WWW-Authenticate", "Bearer")
            self.finish(SEND_TOKEN)
            return
        encode, kind = choose_encoder(self.request.headers.get("Accept", ""))
        # On a thread: the lake is asked, and may have to be waited for.
        text = await asyncio.wait_for(asyncio.to_thread(encode, self._figures.registry), _READ_SECONDS)
        self.set_header("Content-Type", kind)
        self.finish(text)
