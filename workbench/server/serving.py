"""Starts what `workbench serve` serves: all processes under supervision, or one of them here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from workbench.logs.set_up import set_up_service_logs
from workbench.server.address_watch import AddressWatch
from workbench.server.log_limit import LogLimit
from workbench.server.ports import LOOPBACK, find_port
from workbench.server.supervise import Child, end_with_stdin, supervise
from workbench.settings import Settings
from workbench.tokens.store import TOKENS_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SWITCH_SECONDS = 0.0005


def serve_all(settings: Settings, port: int, hooks_port: int, api_port: int, host: str) -> None:
    """Serve pages, hooks and the HTTP interface, with the worker beside them, until Ctrl-C or SIGTERM.

    Raises:
        ConfigError: a setting, the host or a port says no; found before anything is started where it can be.
    """
    processes = children(settings, port, hooks_port, api_port, host)
    supervise(processes, must_begin_anew=AddressWatch(settings).said)


def children(
    settings: Settings,
    port: int,
    hooks_port: int,
    api_port: int,
    host: str,
    environment: Mapping[str, str] | None = None,
) -> Sequence[Child]:
    """The processes, with what can be checked beforehand checked.

    Args:
        environment: of the processes; ours if not given.

    Raises:
        ConfigError: as in :func:`serve_all`.
    """
    from workbench.api.schedule import schedule_of
    from workbench.events.webhooks import event_webhooks
    from workbench.server.access.settings import access_settings, require_safe_host
    from workbench.server.hook_settings import hook_settings

    require_safe_host(host, access_settings(settings))
    hook_settings(settings)
    schedule_of(settings)
    event_webhooks(settings)
    # Chosen once, so that a process that is started again has the same port.
    port, hooks_port = find_port(host, port), find_port(LOOPBACK, hooks_port, "--hooks-port")
    api_port = find_port(host, api_port, "--api-port")
    tokens = settings.home / TOKENS_FILE
    return (
        Child("hooks", ["--only", "hooks", "--hooks-port", str(hooks_port)], environment),
        Child("pages", ["--only", "pages", "--port", str(port), "--host", host], environment),
        # Without a token nobody may come in, and an idle process would take 110 MB.
        Child(
            "api",
            ["--only", "api", "--api-port", str(api_port), "--host", host],
            environment,
            is_wanted=tokens.exists,
            until_wanted=f"Programs come to http://{host}:{api_port}/api/v1/ once there is a token for one: "
            "workbench tokens create NAME --role viewer",
        ),
        Child("worker", ["--only", "worker"], environment),
    )


def serve_one(settings: Settings, only: str, port: int, host: str, until_stdin_closes: bool) -> None:
    """Run one of the processes here.

    Raises:
        ConfigError, LakeError: see :class:`PagesServer`, :class:`HooksServer` and :class:`Worker`.
    """
    set_up_service_logs(settings, only, LogLimit())
    if only == "worker":
        from workbench.server.worker import Worker

        worker = Worker(settings)
        if until_stdin_closes:
            end_with_stdin(worker.stop)
        worker.run()
        return
    if only == "pages":
        from workbench.server.pages import PagesServer, print_address

        pages = PagesServer(settings, port, host)
        if until_stdin_closes:
            end_with_stdin(pages.stop)
        pages.run(print_address)
        return
    from workbench.server.hooks import HooksServer

    # An answer passes from thread to thread, and each time it may wait this long for the interpreter
    # while the lake is written: with the usual 5 ms half as many webhooks were answered.
    sys.setswitchinterval(_SWITCH_SECONDS)
    hooks = HooksServer(settings, port, host)
    if until_stdin_closes:
        end_with_stdin(hooks.stop)
    hooks.run(lambda url: _print_hooks_address(hooks.hook_settings.off, url))


def _print_hooks_address(off: str | None, url: str) -> None:
    state = f"off: {off}" if off else f"taken at {url}webhooks/twilio/status and …/inbound"
    click.echo(
        f"Webhooks are {state}. The schedule runs; {url}readyz says whether all is well, and with the token "
        "of link.token in the home (Authorization: Bearer …) what is late or failed.",
        err=True,
    )
