"""The composer: one text to many recipients, checked and sent over an installation."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.api.sending import check, recipient_rows, require_rows

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.conversations.composer_session import ComposerSession
    from workbench.sending.compose import Draft
    from workbench.sending.verdicts import PreflightResult


def open_composer_session(
    installation: Installation,
    frame: pd.DataFrame,
    text: str,
    *,
    sender: str | None,
    service: str | None,
    batch: str | None,
    to_column: str | None,
) -> ComposerSession:
    """What the widget of :meth:`workbench.api.outbox.Outbox.composer` talks to.

    Raises:
        UsageError: the frame has no rows, or no column of recipients.
    """
    from workbench.conversations.composer_session import ComposerSession, ComposerTools
    from workbench.sending.overview import batch_overview

    rows = recipient_rows(installation, frame, to_column)
    require_rows(rows)
    name = batch or _batch_of(installation, [str(row["to"]) for row in rows])

    def check_text(body: str) -> list[PreflightResult]:
        return check(installation, _draft(body, sender, service, name), rows)

    def send(body: str, stop: threading.Event, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        return _send(installation, check_text(body), name, stop, tell)

    columns = [str(column) for column in frame.columns if column != "to"]
    tools = ComposerTools(lambda body: batch_overview(check_text(body)), send)
    return ComposerSession(len(rows), columns, text, tools)


def _send(
    installation: Installation,
    checked: list[PreflightResult],
    batch: str,
    stop: threading.Event,
    tell: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    from workbench.sending.batch import send_batch

    done = send_batch(
        installation.send_context,
        checked,
        batch=batch,
        stop=stop,
        on_progress=lambda progress: tell(
            {"done": progress.done, "total": progress.total, "eta": progress.eta_seconds}
        ),
    )
    counts = ", ".join(f"{n:,} {state.replace('_', ' ')}" for state, n in sorted(done.counts.items()))
    return {"counts": done.counts, "text": f"{counts}.", "failed": not done.is_done}


def _draft(body: str, sender: str | None, service: str | None, batch: str) -> Draft:
    from workbench.messaging.blanks import has_marks
    from workbench.sending.compose import Draft

    if "{" in body and not has_marks(body):
        # An earlier version went through the template engine here; the same text keeps its key in the outbox.
        body = body.strip("\n")
    return Draft(body=body, sender=sender, service=service, batch=batch)


def _batch_of(installation: Installation, recipients: Sequence[str]) -> str:
    """The name of the batch to these recipients: always the same, and nobody can find them out by it."""
    from workbench.lake.secret_key import lake_key
    from workbench.sending.outbox import has_batch

    lake, everybody = installation.lake, "\n".join(sorted(recipients)).encode()
    # An older version named it without a key; what was sent in that batch stays sent.
    older = "composer:" + hashlib.blake2s(everybody, digest_size=8).hexdigest()
    if has_batch(lake, older):
        return older
    key = lake.write(lambda cursor: lake_key(cursor, lake.home))
    return "composer:" + hashlib.blake2b(everybody, digest_size=8, key=key, person=b"wb-composer").hexdigest()
