"""What the shell completes: names that this program knows, and those of the lake where there is one.

Completion runs at every press of the key: it makes no lake, writes nothing and says nothing. What cannot be
read completes to nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from io import StringIO
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.lake import Lake

Names = dict[str, str]
"""Names with what they mean."""

ZSH_LONGEST_HELP = 60


def _completes(read: Callable[[], Names]) -> Callable[..., list[CompletionItem]]:
    """A completion of names; in a list with commas, of the last one."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        return [
            CompletionItem(before + comma + name, help=text[:ZSH_LONGEST_HELP] or None)
            for name, text in _silently(read).items()
            if name.startswith(last)
        ]

    return complete


def _silently(read: Callable[[], Names]) -> Names:
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stderr(StringIO()):
            return read()
    except Exception:  # a shell that completes has no place for an error
        return {}
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _lake() -> Iterator[Lake]:
    """The lake, where there is one: read-only, which makes none."""
    from workbench.lake import open_lake
    from workbench.settings import load_settings

    lake = open_lake(load_settings(), read_only=True)
    try:
        yield lake
    finally:
        lake.close()


def _use_own_metrics() -> None:
    """Those of the home, if its settings can be read."""
    from workbench.metrics.own.current import use_own_metrics
    from workbench.settings import load_settings

    with suppress(WorkbenchError):
        use_own_metrics(load_settings().home, quiet=True)


def _metrics() -> Names:
    from workbench.metrics.definitions import METRICS

    _use_own_metrics()
    return {metric.name: metric.description for metric in METRICS.values()}


def _dimensions() -> Names:
    from workbench.metrics.definitions import DIMENSIONS

    _use_own_metrics()
    return {dimension.name: dimension.description for dimension in DIMENSIONS.values()}


def _audits() -> Names:
    from workbench.metrics.audits import AUDITS

    return {audit.name: audit.headline for audit in AUDITS.values()}


def _reports() -> Names:
    from workbench.reports.notebooks import discover_reports
    from workbench.settings import load_settings

    reports = discover_reports(home=load_settings().home)
    return {report.name: report.title for report in reports.values()}


def _templates() -> Names:
    from workbench.sending.template_files import read_templates
    from workbench.settings import load_settings

    templates, _ = read_templates(load_settings().home)
    return {template.name: template.title or "" for template in templates}


def _senders() -> Names:
    with _lake() as lake:
        return _named(
            lake.rows("select sender, sender_type from senders where removed_at is null order by 1")
        )


def _services() -> Names:
    with _lake() as lake:
        return _named(
            lake.rows(
                "select messaging_service_sid, friendly_name from messaging_services "
                "where removed_at is null order by 1"
            )
        )


def _jobs() -> Names:
    from workbench.api.jobs import JOBS

    return dict.fromkeys(JOBS, "")


def _checks() -> Names:
    from workbench.doctor.checks import CHECKS

    return {check.name: check.meaning for check in CHECKS.values()}


def _codes() -> Names:
    from workbench.messaging.error_codes import explain, known_codes

    return {str(code): explained.title for code in known_codes() if (explained := explain(code))}


def _named(rows: Iterable[tuple[object, ...]]) -> Names:
    return {str(name): str(text or "") for name, text in rows}


metrics = _completes(_metrics)
dimensions = _completes(_dimensions)
audits = _completes(_audits)
reports = _completes(_reports)
templates = _completes(_templates)
senders = _completes(_senders)
services = _completes(_services)
jobs = _completes(_jobs)
checks = _completes(_checks)
codes = _completes(_codes)


def filters(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """``dimension=`` of a filter, and the senders and services among its values."""
    name, equals, value = incomplete.partition("=")
    if not equals:
        return [
            CompletionItem(f"{dimension}=", help=text[:ZSH_LONGEST_HELP])
            for dimension, text in _silently(_dimensions).items()
            if dimension.startswith(name)
        ]
    values = {"sender": senders, "messaging_service": services}.get(name)
    items = values(context, parameter, value) if values else []
    return [CompletionItem(f"{name}={item.value}", help=item.help) for item in items]
