"""Requests as bytes, for what no HTTP client would send."""

from __future__ import annotations

import re
import socket

UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n"
)


def ask(port: int, request: str, seconds: float = 20) -> bytes:
    """One answer, its body whole where its length is said, else until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request.encode("latin-1"))
        received = b""
        while not _is_whole(received, is_head=request.startswith("HEAD")):
            more = connection.recv(65536)
            if not more:
                break
            received += more
        return received


def _is_whole(received: bytes, *, is_head: bool) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
    if not separator:
        return False
    return (
        is_head
        or head[9:12] in (b"101", b"204", b"304")
        or (length is not None and len(body) >= int(length[1]))
    )


def status_of(answer: bytes) -> int:
    return int(answer[9:12])
