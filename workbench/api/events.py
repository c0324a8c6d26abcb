"""``wb.events``: what happened, and who was told of it by webhooks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workbench.api.namespace import Namespace
from workbench.errors import UnknownName, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation

_STATES = ("waiting", "claimed", "delivered", "dead")


class Events(Namespace):
    """What happened, in one order, and who was told of it by webhooks."""

    def list(self, *, kind: str | None = None, limit: int = 50) -> pd.DataFrame:
        """What happened lately, the newest first: position, happened_at, kind, contact (masked), detail.

        Args:
            kind: only this, as message.received.
            limit: at most so many events.

        Raises:
            UnknownName: there is no such kind.
        """
        import pandas as pd

        from workbench.lake.feed import KINDS, read_latest_events
        from workbench.messaging.addresses import mask

        if kind is not None and kind not in KINDS:
            raise UnknownName("kind of event", kind, KINDS)
        rows = [
            [
                event.position, event.happened_at, event.kind, mask(event.contact) if event.contact else None,
                event.conversation_id, event.message_sid, json.dumps(dict(event.detail), default=str),
            ]
            for event in read_latest_events(self._installation.reader, kind, limit)
        ]  # fmt: skip
        columns = ["position", "happened_at", "kind", "contact", "conversation", "message", "detail"]
        return pd.DataFrame(rows, columns=columns)

    def webhooks(self) -> pd.DataFrame:
        """The receivers of the settings: webhook, state, address, events, waiting, dead, delivered.

        Raises:
            ConfigError: one of them is wrong.
        """
        import pandas as pd

        from workbench.events.webhooks import event_webhooks
        from workbench.lake.event_deliveries import count_deliveries, read_gone
        from workbench.lake.feed import KINDS

        webhooks, lake = event_webhooks(self._installation.settings), self._installation.reader
        counts, gone = count_deliveries(lake), read_gone(lake)

        def count(name: str, *states: str) -> int:
            return sum(counts[name, state][0] for state in states if (name, state) in counts)

        rows = [
            [
                name,
                "off" if not each.is_enabled else "gone" if gone.get(name) == each.address_hash else "on",
                each.shown_url,
                "all" if len(each.kinds) == len(KINDS) else ", ".join(sorted(each.kinds)),
                count(name, "waiting", "claimed"), count(name, "dead"), count(name, "delivered"),
            ]
            for name, each in webhooks.items()
        ]  # fmt: skip
        columns = ["webhook", "state", "address", "events", "waiting", "dead", "delivered"]
        return pd.DataFrame(rows, columns=columns)

    def deliveries(
        self, webhook: str | None = None, *, state: str | None = None, limit: int = 50
    ) -> pd.DataFrame:
        """What was sent and what waits, the newest first: webhook, position, kind, state, attempts, detail.

        Args:
            webhook: only this, by its name in the settings.
            state: only waiting, claimed, delivered, or dead: given up.
            limit: at most so many.

        Raises:
            UsageError: there is no such state.
        """
        import pandas as pd

        from workbench.lake.event_deliveries import read_deliveries_of

        if state is not None and state not in _STATES:
            raise UsageError(f"state is {state!r}; allowed are {', '.join(_STATES)}.")
        rows = [
            [
                each.webhook, each.position, each.kind, each.state, each.attempts,
                each.due_at if each.state == "waiting" else None, each.ended_at, each.detail, each.webhook_id,
            ]
            for each in read_deliveries_of(self._installation.reader, webhook, state, limit)
        ]  # fmt: skip
        columns = [
            "webhook", "position", "kind", "state", "attempts", "next_at", "ended_at", "detail", "webhook_id",
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def replay(self, webhook: str, *, positions: Sequence[int] = ()) -> int:
        """Let deliveries be sent again with the same ids; how many. The worker sends them.

        Args:
            webhook: its name in the settings.
            positions: these, also where they were delivered; by default all that were given up.

        Raises:
            UnknownName: there is no such webhook.
            NotAllowed: it takes the role admin.
        """
        from workbench.events.webhooks import find_webhook
        from workbench.lake.audit import append_audit
        from workbench.lake.event_deliveries import replay_deliveries
        from workbench.roles import require_role

        actor = require_role("admin", "replay events").actor
        lake = self._installation.lake
        find_webhook(self._installation.settings, webhook)
        chosen, now = list(positions) or None, datetime.now(UTC)

        def work(cursor: Any) -> int:
            count = replay_deliveries(cursor, webhook, chosen, now)
            detail = {"positions": chosen or "all dead", "count": count}
            append_audit(cursor, "events-replay", actor=actor, subject=webhook, detail=detail, at=now)
            return count

        return lake.write(work)

    def test(self, webhook: str | None = None) -> pd.DataFrame:
        """Post a test event, of the kind `test`, to each webhook or to one: webhook, outcome, detail.

        One whose receiver was gone and takes it gets events again.

        Args:
            webhook: its name in the settings.

        Raises:
            UsageError: the settings have none.
            UnknownName: there is no such webhook.
            NotAllowed: it takes the role admin.
        """
        import pandas as pd

        from workbench.events.webhooks import event_webhooks
        from workbench.roles import require_role

        actor = require_role("admin", "test event webhooks").actor
        webhooks = event_webhooks(self._installation.settings)
        if not webhooks:
            raise UsageError("No event webhook is set: write [events.webhooks.NAME] into workbench.toml.")
        if webhook is not None and webhook not in webhooks:
            raise UnknownName("event webhook", webhook, webhooks)
        rows = [
            [name, *_test(self._installation, name, actor)] for name in webhooks if webhook in (None, name)
        ]
        return pd.DataFrame(rows, columns=["webhook", "outcome", "detail"])


def _test(installation: Installation, name: str, actor: str) -> tuple[str, str]:
    from workbench.events.body import trial_body
    from workbench.events.post import new_client, post_event
    from workbench.events.webhooks import find_webhook
    from workbench.lake.audit import append_audit
    from workbench.lake.event_deliveries import forget_gone

    now = datetime.now(UTC)
    body = trial_body(now)
    with new_client() as http:
        answer = post_event(http, find_webhook(installation.settings, name), json.loads(body)["id"], body)
    outcome = "delivered" if answer.is_taken else "failed"

    def work(cursor: Any) -> None:
        if answer.is_taken:
            forget_gone(cursor, name)
        detail = {"outcome": outcome}
        append_audit(cursor, "events-test", actor=actor, subject=name, detail=detail, at=now)

    installation.lake.write(work)
    return outcome, answer.detail
