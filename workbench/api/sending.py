"""The calls that send, over an installation: look first, then send. `Workbench` and the inbox stand on it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.api.live_line import describe_batch, live_line
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.sending.batch import OnBatchProgress
    from workbench.sending.compose import Draft
    from workbench.sending.results import BatchResult, SendResult
    from workbench.sending.verdicts import PreflightResult

Row = Mapping[str, object]


def preflight(
    installation: Installation,
    to: str | Sequence[str] | pd.DataFrame,
    body: str | None,
    to_column: str | None,
    ignore_quiet_hours: bool,
    options: Mapping[str, Any],
) -> pd.DataFrame:
    """See :meth:`workbench.api.outbox.Outbox.preflight`."""
    from workbench.sending.overview import preflight_frame

    draft, variables = draft_of(installation, body, options, has_rows=not isinstance(to, str))
    rows = recipient_rows(installation, to, to_column)
    checked = check(installation, draft, rows, variables, ignore_quiet_hours=ignore_quiet_hours)
    return preflight_frame(checked, None if isinstance(to, str | Sequence) else to.index)


def send(
    installation: Installation,
    to: str,
    body: str | None,
    confirm: bool | int,
    ignore_quiet_hours: bool,
    options: Mapping[str, Any],
) -> SendResult:
    """See :meth:`workbench.Workbench.send`."""
    from workbench.sending.confirm import is_confirmed
    from workbench.sending.confirmed import send_checked

    draft, variables = draft_of(installation, body, options)
    # The outbox: what is sent is on record before the first sync, too.
    installation.begin_lake(lambda: installation.settings.credentials)
    rows = recipient_rows(installation, to)
    checked = check(installation, draft, rows, variables, ignore_quiet_hours=ignore_quiet_hours)
    confirmed = is_confirmed(confirm, 1, installation.settings.sending.typed_count_from)
    context = installation.send_context
    return send_checked(context, checked[0], confirmed, ignore_quiet_hours=ignore_quiet_hours)


def send_batch(
    installation: Installation,
    frame: pd.DataFrame | Sequence[Row],
    body: str | None,
    confirm: int | None,
    to_column: str | None,
    ignore_quiet_hours: bool,
    stop: threading.Event | None,
    on_progress: OnBatchProgress | None,
    options: Mapping[str, Any],
) -> BatchResult:
    """See :meth:`workbench.Workbench.send_batch`."""
    from workbench.sending.batch import send_batch
    from workbench.sending.confirm import is_confirmed
    from workbench.sending.confirmed import unconfirmed_results
    from workbench.sending.results import BatchResult

    draft, variables = draft_of(installation, body, options, has_rows=True)
    installation.begin_lake(lambda: installation.settings.credentials)
    rows = recipient_rows(installation, frame, to_column)
    require_rows(rows)
    confirmed = is_confirmed(confirm, len(rows), 1)
    checked = check(installation, draft, rows, variables, ignore_quiet_hours=ignore_quiet_hours)
    context = installation.send_context
    if not confirmed:
        return BatchResult(draft.batch, unconfirmed_results(context, checked), 0.0)
    with live_line("Batch", on_progress, describe_batch) as tell:
        return send_batch(
            context,
            checked,
            batch=draft.batch,
            ignore_quiet_hours=ignore_quiet_hours,
            stop=stop,
            on_progress=tell,
        )


def draft_of(
    installation: Installation, body: str | None, options: Mapping[str, Any], *, has_rows: bool = False
) -> tuple[Draft, dict[str, object]]:
    """What all messages of a call share, and the values of their blanks."""
    from workbench.sending.message_options import read_draft

    settings = installation.settings
    return read_draft(body, options, home=settings.home, timezone=settings.timezone, has_rows=has_rows)


def recipient_rows(
    installation: Installation, to: object, to_column: str | None = None
) -> list[dict[str, object]]:
    """One mapping per recipient, with the address in `to`."""
    from workbench.sending.recipients import read_recipients

    return read_recipients(to, installation.number_context(), to_column)


def require_rows(rows: Sequence[Row]) -> None:
    """Raises UsageError where a table is empty."""
    if not rows:
        raise UsageError("The table has no rows: there is nobody to send to.")


def check(
    installation: Installation,
    draft: Draft,
    rows: Sequence[Row],
    variables: Mapping[str, object] | None = None,
    *,
    ignore_quiet_hours: bool = False,
) -> list[PreflightResult]:
    """The verdict on the message to each row; sends nothing."""
    from workbench.sending.confirmed import check_rows

    return check_rows(
        installation.send_context,
        draft,
        rows,
        variables,
        read_zones=installation.contact_zones,
        ignore_quiet_hours=ignore_quiet_hours,
    )
