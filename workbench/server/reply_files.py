"""Gives Twilio the files that people attached to an answer: by an address that nobody guesses, for hours."""

from __future__ import annotations

from urllib.parse import quote

from tornado.ioloop import IOLoop
from tornado.web import RequestHandler

from workbench.conversations.reply_files import ReplyFiles


class ReplyFileHandler(RequestHandler):
    """One file while its message is on its way; 404 before, afterwards, and for every other address."""

    def initialize(self, files: ReplyFiles) -> None:
        self._files = files

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/plain; charset=utf-8")

    def compute_etag(self) -> None:
        return None

    async def get(self, file_id: str) -> None:
        served = await IOLoop.current().run_in_executor(None, self._files.served, file_id)
        if served is None:
            self.set_status(404)
            await self.finish("Not found.\n")
            return
        file, content = served
        self.set_header("Content-Type", file.content_type)
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name, safe='')}")
        await self.finish(content)
