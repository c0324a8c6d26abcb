"""The assistant's server on stdin and stdout, for a program on this machine that starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.assistants.backing import Backing
from workbench.assistants.caller import local_caller
from workbench.assistants.server import build_server

if TYPE_CHECKING:
    from workbench.settings import Settings


def serve_stdio(settings: Settings, role: str, *, reveal: bool) -> None:
    """Serve until stdin closes. Stdout carries the protocol and nothing else; the log goes to stderr.

    Raises:
        UsageError: there is no such role, or it may not reveal and shall.
    """
    from workbench.api.installation import Installation

    caller = local_caller(role, reveal=reveal)
    with Installation(settings) as installation:
        backing = Backing(lambda: installation, lambda: caller)
        try:
            build_server(backing, may_propose=settings.assistants.may_propose).run("stdio")
        finally:
            backing.close()
