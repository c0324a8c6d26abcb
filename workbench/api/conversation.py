"""One conversation in a notebook: its messages, what is decided about it, and the answer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.conversations.events import ConversationEvent
    from workbench.conversations.find import Conversation
    from workbench.sending.message_options import ReplyOptions
    from workbench.sending.results import SendResult

_SHOWN_LINES = 8


class OpenConversation:
    """A conversation with one contact; what it shows of a number is masked."""

    def __init__(self, installation: Installation, conversation: Conversation) -> None:
        self._installation = installation
        self.details = conversation
        """Its two sides: id, sender or service, and the contact."""

    @property
    def id(self) -> str:
        """Stands in links: ``/inbox?conversation=ID``."""
        return self.details.conversation_id

    def messages(self, limit: int = 200) -> pd.DataFrame:
        """The latest messages, oldest first, each with what became of it and why."""
        import pandas as pd

        from workbench.conversations.thread import message_fields, read_thread

        thread = read_thread(self._installation.lake, self.details, limit=limit)
        frame = pd.DataFrame([message_fields(message) for message in thread.messages], columns=_COLUMNS)
        frame.attrs["older"] = thread.older
        return frame

    def widget(self, *, height: int = 560) -> Any:
        """The conversation as a widget: the thread and a composer. It updates by itself."""
        from workbench.api.inbox import open_inbox_session
        from workbench.ui.inbox import inbox_widget

        return inbox_widget(open_inbox_session(self._installation, self.details), height=height)

    def reply(
        self,
        body: str | None = None,
        *,
        confirm: bool = False,
        ignore_quiet_hours: bool = False,
        **options: Unpack[ReplyOptions],
    ) -> SendResult:
        """Answer; see :meth:`workbench.Workbench.reply`. Without ``confirm=True`` nothing is sent."""
        from workbench.api.conversations import reply

        return reply(self._installation, self.details, body, confirm, ignore_quiet_hours, options)

    def set_state(self, state: str, until: datetime | str | None = None) -> OpenConversation:
        """Set it to open, pending, resolved, or snoozed with ``until`` (a time without a zone is yours)."""
        from workbench.conversations.events import set_state

        return self._save(set_state(state, self._actor, self._moment(until)))

    def assign(self, person: str | None) -> OpenConversation:
        """Give it to a person or a team; None to nobody.

        Raises:
            UnknownName: nobody who signs in has this name, and no team.
        """
        from workbench.conversations.owners import assignment

        return self._save(assignment(self._installation.settings, person, self._actor))

    def label(self, text: str, *, on: bool = True) -> OpenConversation:
        """Put a label on it, or take it off."""
        from workbench.conversations.events import label

        return self._save(label(text, self._actor, on=on))

    def note(self, text: str) -> OpenConversation:
        """Leave a private note; it is never sent."""
        from workbench.conversations.events import note

        return self._save(note(text, self._actor))

    def export(self, path: str | Path, *, whole: bool = False) -> Path:
        """Write all of it into a file: messages, notes and decisions; that it was done is audited.

        Args:
            path: `….txt` is a text to read, `….json` is for programs. A file that is there is replaced.
            whole: with the contact's whole number, which is masked otherwise. Texts, names and notes are
                as they are in any case.

        Raises:
            UsageError: the name of the file has another ending.
        """
        from workbench.conversations.thread_export import export_thread
        from workbench.files import write_whole

        path = Path(path)
        export = export_thread(
            self._installation.lake, self.details, format=path.suffix[1:].lower(), whole=whole,
            timezone=self._installation.settings.timezone,
        )  # fmt: skip
        write_whole(path, export.text)
        return path

    def reveal(self) -> str:
        """The contact's whole number; that it was shown is kept in the audit trail."""
        from workbench.conversations.find import reveal

        return reveal(self._installation.lake, self.details, self._actor)

    @property
    def _actor(self) -> str:
        return self._installation.actor

    def _save(self, event: ConversationEvent) -> OpenConversation:
        from workbench.conversations.events import save_event

        save_event(self._installation.lake, self.details, event)
        return self

    def _moment(self, until: datetime | str | None) -> datetime | None:
        from workbench.metrics.compile import to_utc

        return to_utc(until, self._installation.settings.timezone, "until")

    def text(self, limit: int = _SHOWN_LINES) -> str:
        """The latest messages as lines of text, the number masked."""
        from workbench.conversations.listing import read_state
        from workbench.conversations.thread import read_thread
        from workbench.conversations.view_models import message_line

        installation, conversation = self._installation, self.details
        thread = read_thread(installation.lake, conversation, limit=limit)
        state = read_state(installation.lake, conversation)
        zone = ZoneInfo(installation.settings.timezone)
        since = state.waiting_since and state.waiting_since.astimezone(zone)
        waiting = f", waiting since {since:%Y-%m-%d %H:%M}" if since else ""
        lines = [f"{conversation!r}", f"{state.state}{waiting} (times in {zone})"]
        if thread.older:
            lines.append(f"… {thread.older:,} older messages")
        lines += [message_line(message, zone) for message in thread.messages]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text()


_COLUMNS = [
    "date_created", "from", "body", "content", "status", "reason", "segments", "spend", "currency", "media",
    "message_sid",
]  # fmt: skip
