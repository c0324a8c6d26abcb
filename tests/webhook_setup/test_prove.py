"""The proof: against the real hooks, and against everything that can stand in between."""

from __future__ import annotations

import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.server.hooking import TOKEN, environment, hooked
from workbench.lake import open_lake
from workbench.settings import Secret, Settings, load_settings
from workbench.webhook_setup.prove import Proof, prove

SECRETS = {"": Secret(TOKEN)}


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str]]:
    home = tmp_path_factory.mktemp("hooks") / "home"
    settings = load_settings(environment(home))
    with hooked(settings) as caller:
        yield settings, str(caller.http.base_url).rstrip("/")


class Through(httpx.BaseTransport):
    """What a proxy does: the public address leads to the hooks here."""

    def __init__(self, hooks_url: str) -> None:
        self._target, self._inner = httpx.URL(hooks_url), httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._target.host, port=self._target.port)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def outcomes(proofs: list[Proof]) -> list[tuple[str, bool]]:
    return [(proof.what, proof.is_good) for proof in proofs]


def test_a_good_set_up_is_proven_and_nothing_is_stored(hooks: tuple[Settings, str]) -> None:
    settings, url = hooks
    assert settings.public_url
    proofs = prove(settings.public_url, SECRETS, Through(url))
    assert outcomes(proofs) == [
        ("GET /healthz", True),
        ("signed POST /webhooks/twilio/status", True),
        ("signed POST /webhooks/twilio/inbound", True),
        ("forged POST /webhooks/twilio/status", True),
    ]
    with open_lake(settings) as lake:
        assert lake.value("select count(*) from status_events") == 0


@pytest.mark.parametrize("change", ["http", "token"])
def test_another_address_or_token_than_the_servers_is_said(hooks: tuple[Settings, str], change: str) -> None:
    settings, url = hooks
    public = "http://hooks.example" if change == "http" else str(settings.public_url)
    secrets = SECRETS if change == "http" else {"": Secret("another")}
    proofs = prove(public, secrets, Through(url))
    assert [proof.is_good for proof in proofs] == [True, False, False, True]
    assert "http or https, host, path: all of it is signed" in proofs[1].message


@contextmanager
def answering(
    status: int, body: bytes = b"", tls: Path | None = None, headers: dict[str, str] | None = None
) -> Iterator[str]:
    """A server that gives the same answer to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing: the test says what matters."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "headers", "message"),
    [
        (302, b"", {"Location": "https://login.example/"}, "must begin with https://"),
        (302, b"", {"Location": "/login"}, "exempt /webhooks/ and /healthz"),
        (200, b"<html>hello", {}, "not our hooks"),
        (200, b"[1]", {}, "not our hooks"),
        (502, b"", {}, "HTTP 502 from something that is not our hooks"),
    ],
)
def test_whatever_else_answers_is_named(
    status: int, body: bytes, headers: dict[str, str], message: str
) -> None:
    with answering(status, body, headers=headers) as url:
        (proof,) = prove(url, SECRETS)
    assert not proof.is_good
    assert message in proof.message


def test_hooks_that_take_forged_requests_are_an_alarm() -> None:
    with answering(200, b'{"status": "ok"}') as url:
        proofs = prove(url, SECRETS)
    assert [proof.is_good for proof in proofs] == [True, True, True, False]
    assert "a forged webhook is not refused" in proofs[3].message


def test_nobody_there_is_said() -> None:
    (proof,) = prove(f"http://127.0.0.1:{free_port()}", SECRETS)
    assert "cannot be reached" in proof.message


@pytest.mark.skipif(shutil.which("openssl") is None, reason="NO openssl: a wrong certificate was not tried")
def test_a_certificate_that_nobody_trusts_is_said(tmp_path: Path) -> None:
    with answering(200, tls=certificate(tmp_path, "127.0.0.1")) as url:
        (proof,) = prove(url, SECRETS)
    assert "the certificate of 127.0.0.1" in proof.message
    assert "Twilio refuses it too" in proof.message


def certificate(folder: Path, host: str) -> Path:
    """A key and a certificate that only its maker trusts, in one file."""
    key, chain = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}",
         "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:workbench.example.com",
         "-keyout", str(key), "-out", str(chain)],
        check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text(key.read_text() + chain.read_text())
    return both


def test_a_shared_key_signs_where_there_is_no_token(tmp_path: Path) -> None:
    environ = environment(
        tmp_path / "home", TWILIO_WEBHOOK_KEY="SHkey", TWILIO_WEBHOOK_SECRET="shared secret"
    )
    settings = load_settings(environ)
    secrets = replace(settings.credentials, auth_token=None).webhook_secrets
    with hooked(settings) as caller:
        proofs = prove(str(settings.public_url), secrets, Through(str(caller.http.base_url).rstrip("/")))
    assert all(proof.is_good for proof in proofs), proofs
