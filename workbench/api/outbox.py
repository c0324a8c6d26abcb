"""``wb.outbox``: what is to be sent from here, looked at before it goes, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    import pandas as pd

    from workbench.sending.message_options import MessageOptions


@dataclass(frozen=True)
class Cancelled:
    """A scheduled message that will not be sent."""

    message_sid: str
    status: str


class Outbox(Namespace):
    """What is sent from here: looked at before it goes, and what became of it."""

    def list(self, *, state: str | None = None) -> pd.DataFrame:
        """What was sent from here and how it ended, newest first; recipients are masked.

        Args:
            state: intended, accepted, refused, unsent or unclear; None for all.
        """
        from workbench.metrics.sender_names import add_sender_names
        from workbench.sending.outbox import read_frame

        lake = self._installation.reader
        return add_sender_names(read_frame(lake, state), lake, self._installation.settings)

    def settle(self) -> pd.DataFrame:
        """Look in Twilio's log for messages whose end nobody recorded; one row for each of them.

        Never sends. What cannot be told yet stays `undecided`.
        """
        import pandas as pd

        from workbench.sending.settle import settle_all

        rows = [
            {
                "key": key,
                "answer": match.answer,
                "message_sid": match.row.message_sid if match.row else None,
                "reason": match.reason,
            }
            for key, match in settle_all(self._installation.send_context).items()
        ]
        return pd.DataFrame(rows, columns=["key", "answer", "message_sid", "reason"])

    def release(self, *, confirm: bool = False) -> bool:
        """After a restore: let messages be sent again; without ``confirm`` nothing is done. Audited.

        What was sent after the backup was made is unknown to the restored outbox, so nothing is sent until
        somebody has synced and looked.

        Returns:
            Whether it was released.

        Raises:
            UsageError: nothing waits for it, or no sync has run since the restore.
        """
        from datetime import UTC, datetime

        from workbench.lake.restores import release_sending
        from workbench.roles import require_role

        require_role("admin", "release sending after a restore")
        if not confirm:
            return False
        installation = self._installation
        release_sending(installation.lake, actor=installation.actor, at=datetime.now(UTC))
        return True

    def cancel(self, message_sid: str) -> Cancelled:
        """Cancel a scheduled message.

        Raises:
            TwilioError: it was sent already, or there is none.
        """
        from workbench.sending.cancel import cancel

        # Somebody is in a hurry: it works before the first sync, too.
        self._installation.begin_lake(lambda: self._installation.settings.credentials)
        return Cancelled(message_sid, cancel(self._installation.send_context, message_sid))

    def preflight(
        self,
        to: str | Sequence[str] | pd.DataFrame,
        body: str | None = None,
        *,
        to_column: str | None = None,
        ignore_quiet_hours: bool = False,
        **options: Unpack[MessageOptions],
    ) -> pd.DataFrame:
        """What would happen, without sending: one row per recipient, with `verdict` and `reasons`.

        Args:
            to: a number, several, or a table with a column `to`.
            body: the text, with blanks as ``{{ first_name }}``; or give `template`.
            to_column: the recipients' column, as in :meth:`workbench.Workbench.send_batch`.
            options: as in :meth:`workbench.Workbench.send`.

        Returns:
            A frame with the index of the table (else 0, 1, …) and the columns `to` (masked), `verdict`
            (pass, warn or block), `reasons`, `country`, `encoding`, `segments`, `price`, `currency`,
            `price_source`, `local_time`, `sends_at`.
        """
        from workbench.api.sending import preflight

        return preflight(self._installation, to, body, to_column, ignore_quiet_hours, options)

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
        from workbench.api.composer import open_composer_session
        from workbench.ui.inbox import composer_widget

        session = open_composer_session(
            self._installation, frame, text, sender=sender, service=service, batch=batch, to_column=to_column
        )
        return composer_widget(session)
