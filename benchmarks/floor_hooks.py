"""``python -m benchmarks.floor_hooks PORT``: the same web server answering 204; nothing checked or stored."""

from __future__ import annotations

import asyncio
import sys

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler


class Nothing(RequestHandler):
    def post(self) -> None:
        self.set_status(204)


async def main(port: int) -> None:
    server = HTTPServer(Application([(r"/.*", Nothing)], log_function=lambda handler: None))
    server.listen(port, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
