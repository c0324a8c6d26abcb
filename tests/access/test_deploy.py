"""The proxies of docs/deploy.md, for real: TLS in front, pages and hooks behind, websockets through it."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.access.people import home_with_people, serving, sign_in
from tests.ports import free_port
from tests.server.hooking import environment, hooked
from tests.webhook_setup.test_prove import certificate
from workbench.settings import load_settings
from workbench.webhook_setup.prove import prove

DOCS = Path(__file__).parents[2] / "docs" / "deploy.md"
HOST = "workbench.example.com"
ACCESS = f'url = "https://{HOST}"\ntrusted_proxies = ["127.0.0.1"]\n'
JOBS_OFF = "[schedule]\n" + "".join(
    f'{job} = "off"\n' for job in ("sync", "maintenance", "reconcile", "reports")
)


def example(name: str) -> str:
    """The configuration as the document shows it."""
    found = re.search(rf"<!-- {name} -->\n```\w*\n(.*?)```\n<!-- /{name} -->", DOCS.read_text(), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int, Path, dict[str, str]]]:
    """Ports of pages and hooks, a folder with a certificate, and the environment of both."""
    folder = tmp_path_factory.mktemp("deploy")
    home_with_people(folder / "home", ACCESS + JOBS_OFF)
    environ = environment(folder / "home", WORKBENCH_PUBLIC_URL=f"https://{HOST}")
    settings = load_settings(environ)
    certificate(folder, HOST)
    with serving(settings) as pages, hooked(settings) as hooks:
        yield pages.port, httpx.URL(str(hooks.http.base_url)).port or 0, folder, environ


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.stderr.read().decode()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()


class ToProxy(httpx.BaseTransport):
    """The public name leads to the proxy on this machine."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port = port
        self._inner = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=str(folder / "cert.pem")))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        moved = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1", port=self._port),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": HOST},
        )
        return self._inner.handle_request(moved)

    def close(self) -> None:
        self._inner.close()


def check(port: int, folder: Path, environ: dict[str, str]) -> None:
    """What must hold whichever proxy stands in front."""
    public = f"https://{HOST}"
    with httpx.Client(base_url=public, transport=ToProxy(port, folder), timeout=30) as client:
        assert client.get("/overview").headers["Location"] == "/login?next=%2Foverview"
        client.headers["Origin"] = public
        answer = sign_in(client)
        assert answer.status_code == 303, answer.text
        assert answer.headers["Set-Cookie"].startswith("__Host-workbench=")
        assert answer.headers["Strict-Transport-Security"]
        page = client.get("/overview")
        assert page.status_code == 200
        token = re.findall(r'"token":"([^"]+)"', page.text)[0]
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    for origin, expected in ((public, b"HTTP/1.1 101"), ("https://evil.example", b"HTTP/1.1 403")):
        assert upgrade(port, folder, cookie, token, origin).startswith(expected)
    proofs = prove(public, load_settings(environ).credentials.webhook_secrets, ToProxy(port, folder))
    assert [proof.is_good for proof in proofs] == [True] * 4, proofs


def upgrade(port: int, folder: Path, cookie: str, token: str, origin: str) -> bytes:
    context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as connection,
    ):
        connection.sendall(
            f"GET /overview/ws HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: bokeh, {token}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        return connection.recv(100)


@pytest.mark.skipif(
    shutil.which("nginx") is None, reason="NO nginx here: its example in docs/deploy.md was not tried"
)
def test_the_nginx_example_works(stack: tuple[int, int, Path, dict[str, str]]) -> None:
    pages, hooks, folder, environ = stack
    port, plain = free_port(), free_port()
    text = example("nginx")
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("127.0.0.1:5006", f"127.0.0.1:{pages}"), ("127.0.0.1:5007", f"127.0.0.1:{hooks}"),
        ("/etc/ssl/workbench.pem", f"{folder}/cert.pem"), ("/etc/ssl/workbench.key", f"{folder}/key.pem"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    user = "user root;" if folder.owner() == "root" else ""
    config.write_text(
        f"{user} pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{text}\n}}\n"
    )
    with running(["nginx", "-c", str(config), "-e", str(folder / "error.log"), "-g", "daemon off;"], port):
        check(port, folder, environ)
        answer = httpx.get(f"http://127.0.0.1:{plain}/overview?a=b", headers={"Host": HOST}, trust_env=False)
        assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{HOST}/overview?a=b")


@pytest.mark.skipif(
    shutil.which("caddy") is None, reason="NO caddy here: its example in docs/deploy.md was not tried"
)
def test_the_caddy_example_works(stack: tuple[int, int, Path, dict[str, str]]) -> None:
    pages, hooks, folder, environ = stack
    port = free_port()
    text = example("caddy")
    for old, new in (
        (f"{HOST} {{", f"https://{HOST}:{port} {{\n    tls {folder}/cert.pem {folder}/key.pem"),
        ("127.0.0.1:5006", f"127.0.0.1:{pages}"),
        ("127.0.0.1:5007", f"127.0.0.1:{hooks}"),
    ):
        assert old in text
        text = text.replace(old, new)
    config = folder / "Caddyfile"
    config.write_text(
        "{\n    admin off\n    auto_https disable_redirects\n"
        f"    storage file_system {folder}/caddy\n}}\n{text}"
    )
    with running(["caddy", "run", "--adapter", "caddyfile", "--config", str(config)], port):
        check(port, folder, environ)
