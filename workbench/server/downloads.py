"""Files for what a page shows: streamed over plain HTTP, as a websocket would hold the whole file in memory.

``GET /download/PAGE/PART.csv?FILTERS`` and the same with ``xlsx`` and ``parquet``; ``PAGE/page.html`` is the
page as one file that needs nothing else. The filters are those of the page's own link. What is not possible
is refused: a file that leaves out a filter would be a wrong file.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from workbench.errors import NotAllowed, WorkbenchError
from workbench.roles import NOBODY, Actor, acting_as, current_user
from workbench.server.access.gate import Gate
from workbench.ui.downloads import open_download
from workbench.ui.links import panel_names
from workbench.ui.page import Page
from workbench.ui.page_data import PageData
from workbench.ui.page_export import write_html
from workbench.ui.page_reading import read_page_data
from workbench.ui.store import current_store
from workbench.ui.table_export import CONTENT_TYPES, WRITERS

log = logging.getLogger(__name__)

_PLAIN_CSV = "stamp"
"""``?stamp=no`` leaves the lines about the file out of a CSV."""


class DownloadHandler(RequestHandler):
    """Answers with a file, made while it is sent."""

    def initialize(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")

    async def get(self, page_name: str, file: str) -> None:
        page, name, kind = (
            self._pages.get(page_name),
            PurePosixPath(file).stem,
            PurePosixPath(file).suffix[1:],
        )
        if page is None:
            self._refuse(404, f"There is no page {page_name!r}; there are {', '.join(self._pages)}.")
            return
        known = [f"{panel}.{ending}" for panel in panel_names(page.panels) for ending in WRITERS]
        if file not in (*known, "page.html"):
            self._refuse(404, f"There is no {file!r} of this page; there are page.html, {', '.join(known)}.")
            return
        query = {name: [v.decode("utf-8", "replace") for v in values]
                 for name, values in self.request.query_arguments.items()}  # fmt: skip
        is_stamped = query.pop(_PLAIN_CSV, [""])[-1] != "no"
        try:
            with acting_as(self._user()):
                data, problems = await asyncio.to_thread(read_page_data, page, query, current_store())
            if problems:
                self._refuse(400, "\n".join(problems))
                return
            chunks = _chunks(page, name, kind, data, is_stamped=is_stamped)
            first = await asyncio.to_thread(_next, chunks)
        except NotAllowed as error:
            self._refuse(403, str(error))
            return
        except WorkbenchError as error:
            self._refuse(503, str(error))
            return
        self._begin(page_name, name, kind, data)
        await self._send(first, chunks)

    def _user(self) -> Actor:
        """Who asks for the file; with sign-in the request's cookie says it, as no page is open here."""
        gate: Gate | None = self.settings.get("gate")
        return current_user() if gate is None else gate.person(self.request) or NOBODY

    def _begin(self, page_name: str, name: str, kind: str, data: PageData) -> None:
        panel = "" if kind == "html" else f"-{name}"
        days = f"{data.period.since}-to-{data.period.last_day}"
        self.set_header("Content-Type", CONTENT_TYPES[kind])
        self.set_header(
            "Content-Disposition", f'attachment; filename="workbench-{page_name}{panel}-{days}.{kind}"'
        )

    async def _send(self, chunk: bytes, chunks: Iterator[bytes]) -> None:
        """Send chunk by chunk, each made on a thread while the server goes on answering others."""
        try:
            while chunk:
                self.write(chunk)
                await self.flush()
                chunk = await asyncio.to_thread(_next, chunks)
        except StreamClosedError:
            log.info("a download was given up by its reader")
        finally:
            await asyncio.to_thread(chunks.close)  # type: ignore[attr-defined]

    def _refuse(self, status: int, text: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(text + "\n")


def _chunks(page: Page, name: str, kind: str, data: PageData, **options: Any) -> Iterator[bytes]:
    if kind == "html":
        yield from write_html(page, data)
        return
    panel = page.panels[panel_names(page.panels).index(name)]
    with open_download(panel, data, page.title) as download:
        yield from WRITERS[kind](download.sheets, download.stamp, **(options if kind == "csv" else {}))


def _next(chunks: Iterator[bytes]) -> bytes:
    """The next chunk with anything in it; empty at the end."""
    return next((chunk for chunk in chunks if chunk), b"")
