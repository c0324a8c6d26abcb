"""Where the servers may listen: on this machine only, on a port that is free."""

from __future__ import annotations

import ipaddress
import socket

from workbench.errors import ConfigError


def require_loopback(host: str) -> None:
    """Refuse an address that other machines reach: whoever connects sees the account's messages.

    Raises:
        ConfigError: the host is not of this machine alone.
    """
    try:
        is_local = host == "localhost" or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        is_local = False
    if not is_local:
        raise ConfigError(
            f"The pages would be open to other machines at {host!r}, and they have no sign-in yet. Serve "
            "them on 127.0.0.1 and reach them through a tunnel: ssh -L 5006:127.0.0.1:5006 this-machine."
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
