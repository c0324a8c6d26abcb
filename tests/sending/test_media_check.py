"""Attachments are looked at over real HTTP, within bounds, and never on this machine or network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workbench.sending.media_check import check_media

FILES: dict[str, tuple[str, int | None]] = {
    "/photo.png": ("image/png", 1000),
    "/edge.jpg": ("image/jpeg", 5 * 1024 * 1024),
    "/large.jpg": ("image/jpeg", 5 * 1024 * 1024 + 1),
    "/clip.mp4": ("video/mp4", 500 * 1024 + 1),
    "/page.html": ("text/html; charset=utf-8", 100),
    "/empty.png": ("image/png", 0),
    "/endless.png": ("image/png", None),
}


class Files(BaseHTTPRequestHandler):
    taken = 0

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/photo.png")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path in FILES:
            self._file(*FILES[self.path])
        else:
            self.send_error(404)

    def _file(self, kind: str, size: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if size is not None:
            self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            for _ in range(64 if size is None else min(1, size)):
                Files.taken += self.wfile.write(b"x" * 1024 * 1024)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/photo.png", "/edge.jpg", "/moved"])
def test_what_twilio_takes(url: str, path: str) -> None:
    assert check_media(url + path, allow_private=True) is None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/large.jpg", "5,242,881 bytes"),
        ("/clip.mp4", "512,000 bytes"),
        ("/page.html", "text/html"),
        ("/empty.png", "empty"),
        ("/absent.png", "404"),
        ("/round", "redirects more than 3"),
    ],
)
def test_what_twilio_does_not_take(url: str, path: str, words: str) -> None:
    assert words in (check_media(url + path, allow_private=True) or "")


def test_channels_take_more(url: str) -> None:
    assert check_media(url + "/clip.mp4", "whatsapp:+14155550123", allow_private=True) is None


def test_no_more_is_read_than_needed(url: str) -> None:
    Files.taken = 0
    assert "or more" in (check_media(url + "/endless.png", allow_private=True) or "")
    assert Files.taken < 40 * 1024 * 1024


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/x.png", "http://localhost/x.png", "http://169.254.169.254/latest/meta-data", "http://[::1]/x.png",
     "http://10.0.0.1/x.png"],
)  # fmt: skip
def test_this_machine_and_its_network_are_not_asked(address: str) -> None:
    assert "not at a public address" in (check_media(address) or "")


def test_a_name_that_leads_home_is_not_asked(url: str) -> None:
    problem = check_media(
        "http://evil.example/photo.png", find_addresses=lambda host: ["93.184.216.34", "127.0.0.1"]
    )
    assert "not at a public address" in (problem or "")


@pytest.mark.parametrize(
    "address", ["ftp://example.com/x", "https://user:pass@example.com/x", "not an address"]
)
def test_what_is_no_web_address(address: str) -> None:
    assert check_media(address) is not None


@pytest.mark.parametrize("address", ["http://[::1", "÷v\x80Gy", "a\x00b", "http://\ud9ea/", ""])
def test_what_is_no_web_address_is_said_and_raises_nothing(address: str) -> None:
    assert "no web address" in str(check_media(address))
