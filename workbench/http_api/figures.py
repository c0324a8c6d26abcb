"""`/metrics` of this server: its requests by route and status, its log and its process."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client.exposition import choose_encoder

from workbench.server.access.own_tokens import is_bearer_of, metrics_token
from workbench.server.figures.requests import METRICS_PATH, SEND_TOKEN, Figures


def add_figures(app: FastAPI, home: Path) -> None:
    """Answer `/metrics` to whoever sends the token of `metrics.token`, as hooks and pages do.

    Tokens of programs do not open it, and its token opens nothing else.
    """
    figures = app.state.figures = Figures("api")

    async def prometheus(request: Request) -> Response:
        if not is_bearer_of(request.headers.get("Authorization", ""), metrics_token(home)):
            return PlainTextResponse(SEND_TOKEN, 401, {"WWW-Authenticate": "Bearer"})
        encode, kind = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(figures.registry), headers={"Content-Type": kind})

    app.get(METRICS_PATH, include_in_schema=False)(prometheus)
