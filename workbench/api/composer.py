"""The notebook API of the composer: one text to many recipients, looked at before it goes."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from workbench.api.sending import SendCalls

if TYPE_CHECKING:
    import pandas as pd

    from workbench.sending.compose import Draft
    from workbench.sending.verdicts import PreflightResult

_PREVIEWS = 3
_MOST_REASONS = 6


class ComposerCalls(SendCalls):
    """One text to many recipients, looked at before it goes."""

    def composer(
        self,
        frame: pd.DataFrame,
        text: str = "",
        *,
        sender: str | None = None,
        service: str | None = None,
        batch: str | None = None,
        to_column: str | None = None,
    ) -> Any:
        """A widget that writes one text to everybody in a frame: previews, verdicts, cost, a typed count.

        Args:
            frame: one row per recipient, with the column `to`; other columns fill blanks, as
                ``{{ first_name }}``.
            text: what the composer begins with.
            to_column: the recipients' column, where its name does not say so or several can be it.
            sender, service: who sends, by default as ``[sending]`` says.
            batch: a name under which the same text goes to each recipient once. By default it follows from
                the recipients: the same text to the same people is sent once, however often the cell runs.
        """
        from workbench.conversations.composer_session import ComposerSession, ComposerTools
        from workbench.errors import UsageError
        from workbench.ui.inbox import composer_widget

        rows = self._rows(frame, to_column)
        if not rows:
            raise UsageError("The table has no rows: there is nobody to send to.")
        name = batch or _batch_of(str(row["to"]) for row in rows)

        def check(body: str) -> list[PreflightResult]:
            return self._check(_draft(body, sender, service, name), rows, False)

        def send(body: str, stop: threading.Event, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
            return self._send_composed(check(body), name, stop, tell)

        columns = [str(column) for column in frame.columns if column != "to"]
        desk = ComposerSession(
            len(rows), columns, text, ComposerTools(lambda body: _overview(check(body)), send)
        )
        return composer_widget(desk)

    def _send_composed(
        self,
        checked: list[PreflightResult],
        batch: str,
        stop: threading.Event,
        tell: Callable[[dict[str, Any]], None],
    ) -> dict[str, Any]:
        from workbench.sending.batch import send_batch

        done = send_batch(
            self._context,
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


def _batch_of(recipients: Any) -> str:
    return "composer:" + hashlib.blake2s("\n".join(sorted(recipients)).encode(), digest_size=8).hexdigest()


def _overview(checked: Sequence[PreflightResult]) -> dict[str, Any]:
    """What preflight says of all recipients, as plain data; numbers masked."""
    from workbench.display.formats import money
    from workbench.messaging.addresses import mask

    going = [one for one in checked if not one.is_blocked and one.facts.sent_as is None]
    costs: dict[str, Decimal] = {}
    for one in going:
        if one.cost:
            costs[one.cost.currency] = costs.get(one.cost.currency, Decimal(0)) + one.cost.amount
    return {
        "verdicts": dict(Counter(one.verdict for one in checked)),
        "going": len(going),
        "sent": sum(one.facts.sent_as is not None for one in checked),
        "segments": sum(one.count.segments for one in going),
        "costs": [money(amount, currency) for currency, amount in sorted(costs.items())],
        "unpriced": sum(one.cost is None for one in going),
        "reasons": _reasons(checked),
        "previews": [
            {"to": mask(one.outgoing.to), "text": one.outgoing.body, "segments": one.count.segments}
            for one in checked[:_PREVIEWS]
        ],
    }


def _reasons(checked: Sequence[PreflightResult]) -> list[dict[str, Any]]:
    """Each rule once, blocks first, with how many it meets and its first text as an example."""
    counts: Counter[tuple[str, str]] = Counter()
    texts: dict[tuple[str, str], str] = {}
    for one in checked:
        for reason in one.reasons:
            counts[reason.verdict, reason.rule] += 1
            texts.setdefault((reason.verdict, reason.rule), reason.text)
    ranked = sorted(counts, key=lambda key: (key[0] != "block", -counts[key]))
    return [{"verdict": key[0], "count": counts[key], "text": texts[key]} for key in ranked[:_MOST_REASONS]]
