"""Where the servers listen: the hooks on this machine only, each on a port that is free."""

from __future__ import annotations

import socket

from workbench.errors import ConfigError
from workbench.server.access.settings import is_loopback

LOOPBACK = "127.0.0.1"


def require_loopback(host: str) -> None:
    """Refuse an address that other machines reach: the hooks are for a proxy or tunnel of this machine.

    Raises:
        ConfigError: the host is not of this machine alone.
    """
    if not is_loopback(host):
        raise ConfigError(
            f"The hooks would be open to other machines at {host!r}. They listen on 127.0.0.1 only: let a "
            "proxy or tunnel of this machine lead Twilio there (docs/deploy.md)."
        )


def find_port(host: str, port: int, option: str = "--port") -> int:
    """The port to serve on, asked for before anything slow is done; 0 picks a free one.

    Raises:
        ConfigError: the port is taken or not ours to use.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"Port {port} on {host} cannot be used ({error.strerror}); stop what holds it or choose "
                f"another with {option}."
            ) from error
        return int(probe.getsockname()[1])
