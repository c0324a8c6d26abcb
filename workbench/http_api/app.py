"""The app: its routers, its errors, its document. A router that is added stands in `ROUTERS`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio
from fastapi import APIRouter, FastAPI, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.types import ASGIApp

from workbench.http_api import (
    alerts,
    batches,
    campaigns,
    chatwoot,
    consent,
    contacts,
    conversations,
    decisions,
    messages,
    metrics,
    outbox,
    reports,
    status,
    templates,
    threads,
)
from workbench.http_api.docs_page import add_docs_page
from workbench.http_api.document import CHATWOOT_TOKEN, GROUPS, TOKEN, describe
from workbench.http_api.door import Door
from workbench.http_api.figures import add_figures
from workbench.http_api.opened import OpenedInstallation
from workbench.http_api.problems import Problem, add_problem_handlers
from workbench.http_api.rate_limits import RateLimits
from workbench.http_api.report_runs import ReportRuns
from workbench.http_api.routes import PROBLEMS, NotModified, needs_of
from workbench.server.access.headers import common_headers
from workbench.server.access.tokens import CHATWOOT_HEADER, TokenDoor
from workbench.settings import Settings

PREFIX = "/api/v1"
ROUTERS: Sequence[APIRouter] = (
    conversations.router,
    threads.router,
    decisions.router,
    messages.router,
    batches.router,
    chatwoot.router,
    contacts.router,
    consent.router,
    outbox.router,
    templates.router,
    metrics.router,
    campaigns.router,
    reports.router,
    alerts.router,
    status.router,
)
_AT_ONCE = 16
"""Requests that ask the lake at one time; the others wait their turn."""

_DESCRIPTION = """
The calls of the command line and of notebooks, for programs. Make a token with
`workbench tokens create NAME --role viewer|agent|admin` and send it as `Authorization: Bearer TOKEN`.

- A viewer's token reads, an agent's also writes and sends, an admin's may do everything. Numbers are masked.
- Nothing is sent unless the body says `"confirm": true`; without it the answer is what would happen.
- Give each write an `Idempotency-Key`: the same key again gives the same answer, and nothing is done twice.
- Lists have `next_cursor`: give it as `cursor` for the next page. New arrivals neither hide nor repeat a row.
- Errors are `application/problem+json`: what was given, what is allowed, and the fix.
"""


def create_app(settings: Settings, hosts: frozenset[str]) -> ASGIApp:
    """The whole app, with its door; nothing of the installation is opened yet.

    Args:
        hosts: values of `Host` that are answered.
    """
    # Here, so that whoever only wants the document need not load the protocol of assistants.
    from workbench.http_api.assistants import mount_assistants

    app = _routed_app(settings)
    app.state.assistants = mount_assistants(app, settings, hosts)
    return Door(
        app,
        hosts=hosts,
        tokens=TokenDoor(settings.home),
        limits=RateLimits(settings.api.requests_per_minute),
        headers=common_headers(settings.access.is_secure),
        figures=app.state.figures,
    )


def _routed_app(settings: Settings) -> FastAPI:
    app = FastAPI(
        title="Workbench",
        version=version("workbench"),
        description=_DESCRIPTION,
        openapi_tags=GROUPS,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.opened = OpenedInstallation(settings)
    app.state.report_runs = ReportRuns(app.state.opened.installation)
    add_problem_handlers(app)
    app.exception_handler(NotModified)(_not_modified)
    for router in ROUTERS:
        _require_needs(router)
        app.include_router(router, prefix=PREFIX, responses={**PROBLEMS}, dependencies=_SECURITY)
    app.get("/healthz", name="health", include_in_schema=False)(_alive)
    add_figures(app, settings.home)
    add_docs_page(app)
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Put what every error answers into the document; FastAPI would call it JSON of ours."""
    document = app.openapi()
    document["components"]["schemas"]["Problem"] = Problem.model_json_schema()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = _AT_ONCE
    with app.state.figures.log_counter:
        async with app.state.assistants.running():
            yield
    app.state.report_runs.close()
    app.state.opened.close()


def _require_needs(router: APIRouter) -> None:
    """A route that does not say who may ask would be open to every token; the document says it, too."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            needs = needs_of(route.dependencies)
            if needs is None:
                raise TypeError(f"{route.path} says nothing of role and scope: give it reads(…) or writes(…)")
            describe(route, needs)


async def _alive() -> dict[str, Any]:
    return {"alive": True}


async def _not_modified(request: Request, error: Exception) -> Response:
    tag = error.tag if isinstance(error, NotModified) else ""
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})


# For the document only: the door has looked at the token before.
_SECURITY = [
    Security(HTTPBearer(auto_error=False, scheme_name="token", description=TOKEN)),
    Security(
        APIKeyHeader(
            name=CHATWOOT_HEADER,
            auto_error=False,
            scheme_name="chatwoot_token",
            description=CHATWOOT_TOKEN,
        )
    ),
]
