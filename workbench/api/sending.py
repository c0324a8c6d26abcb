"""The notebook API of sending: look first, then send, and know what became of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from workbench.api.base import Opened
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.messaging.segments import SegmentCount
    from workbench.messaging.templates import Template
    from workbench.sending.batch import OnBatchProgress
    from workbench.sending.compose import Draft
    from workbench.sending.context import SendContext
    from workbench.sending.outgoing import Outgoing
    from workbench.sending.results import BatchResult, SendResult
    from workbench.sending.verdicts import PreflightResult
    from workbench.settings import SendingSettings

STATUS_PATH = "/webhooks/twilio/status"
"""Where the webhooks take status callbacks, below the public URL."""


@dataclass(frozen=True)
class Cancelled:
    """A scheduled message that will not be sent."""

    message_sid: str
    status: str


class SendCalls(Opened):
    """Look first, then send, and know what became of it."""

    def segments(self, text: str, smart_encoding: bool = False) -> SegmentCount:
        """Encoding, billed segments with their layout, and the characters that force UCS-2."""
        from workbench.messaging.segments import count_segments

        return count_segments(text, smart_encoding)

    def preflight(
        self,
        to: str | Sequence[str] | pd.DataFrame,
        body: str | None = None,
        *,
        to_column: str | None = None,
        ignore_quiet_hours: bool = False,
        **options: Any,
    ) -> pd.DataFrame:
        """What would happen, without sending: one row per recipient, with `verdict` and `reasons`.

        Args:
            to: a number, several, or a table with a column `to`.
            body: the text, with blanks as ``{{ first_name }}``; or give `template`.
            to_column: the recipients' column, as in :meth:`send_batch`.
            options: as in :meth:`send`.

        Returns a frame with the index of the table (else 0, 1, …) and the columns `to` (masked), `verdict`
        (pass, warn or block), `reasons`, `country`, `encoding`, `segments`, `price`, `currency`,
        `price_source`, `local_time`, `sends_at`.
        """
        import pandas as pd

        draft, variables = self._draft(body, options, has_rows=not isinstance(to, str))
        checked = self._check(draft, self._rows(to, to_column), ignore_quiet_hours, variables)
        index = to.index if isinstance(to, pd.DataFrame) else None
        return pd.DataFrame([_shown(one) for one in checked], columns=_SHOWN, index=index)

    def send(
        self,
        to: str,
        body: str | None = None,
        *,
        confirm: bool | int = False,
        ignore_quiet_hours: bool = False,
        **options: Any,
    ) -> SendResult:
        """Send one message; without ``confirm=True`` nothing is sent and the result says what would be.

        The same text to the same number in the same batch is sent once: running a cell again gives
        `already_sent`.

        Args:
            to: the recipient's number, as +14155552671, `whatsapp:+…` or `rcs:+…`.
            body: the text, with blanks as ``{{ first_name }}`` that `variables` fill; a blank without a value
                blocks. Braces that are meant as braces are written ``{{ '{{' }}``. Or give `template` or
                `content_sid`.
            ignore_quiet_hours: send although it is quiet hours at the recipient; this is kept in the audit
                trail. An opt-out cannot be ignored.
            options: `sender` (one of our addresses) or `service` (SID of a messaging service), by default as
                ``[sending]`` says; `template` (its name); `variables`, by the name of the blank; `media`
                (1 to 10 addresses); `at` (when Twilio shall send it, a datetime or ISO text; a messaging
                service only, 5 minutes to 35 days ahead); `validity_seconds` (1 to 36000, how long it may
                wait in Twilio's queue); `content_sid` with `content_variables` (WhatsApp and RCS templates,
                the variables with blanks like a body); `batch` (a name, so that the same text can be sent
                again under another one).

        Raises:
            UsageError: the call is contradictory, an option or a variable would have no effect, or `confirm`
                is another number.
        """
        from workbench.sending.confirm import is_confirmed

        draft, variables = self._draft(body, options)
        checked = self._check(draft, self._rows(to), ignore_quiet_hours, variables)
        confirmed = is_confirmed(confirm, 1, self._sending.typed_count_from)
        return self._send_checked(checked, confirmed, ignore_quiet_hours)

    def _send_checked(
        self, checked: list[PreflightResult], confirmed: bool, ignore_quiet_hours: bool = False
    ) -> SendResult:
        """Send one message that was checked, if somebody said yes."""
        from workbench.sending.deliver import deliver
        from workbench.sending.outgoing import intent_key
        from workbench.sending.results import result

        one = checked[0]
        if not confirmed and not one.is_blocked and one.facts.sent_as is None:
            problem = "Nothing was sent: give confirm=True (--confirm) to send it."
            return result(one, intent_key(one.outgoing, self._context.secret), "unconfirmed", problem=problem)
        return deliver(self._context, checked, ignore_quiet_hours=ignore_quiet_hours)[0]

    def send_batch(
        self,
        frame: pd.DataFrame | Sequence[Mapping[str, object]],
        body: str | None = None,
        *,
        confirm: int | None = None,
        to_column: str | None = None,
        ignore_quiet_hours: bool = False,
        stop: threading.Event | None = None,
        on_progress: OnBatchProgress | None = None,
        **options: Any,
    ) -> BatchResult:
        """Send to many at the sender's pace; without ``confirm=`` the number of rows nothing is sent.

        Can be ended at any moment and run again: what was sent stays sent, the rest goes on.

        Args:
            frame: one row per recipient, with the column `to`, or one called phone, mobile …; the other
                columns fill the blanks of the body or template, `First Name` those of ``{{ First_Name }}``.
                Without template and body, the column `body` is the text of each.
            confirm: the number of rows.
            to_column: the recipients' column, where its name does not say so or several can be it.
            stop: set it from elsewhere to end after the messages in hand.
            options: as in :meth:`send`; give each campaign a `batch` of its own.

        A row with a blank that has no value is blocked and says which; the others go.

        Raises:
            UsageError: as in :meth:`send`.
        """
        from workbench.sending.batch import send_batch
        from workbench.sending.confirm import is_confirmed
        from workbench.sending.results import BatchResult

        draft, variables = self._draft(body, options, has_rows=True)
        rows = self._rows(frame, to_column)
        if not rows:
            raise UsageError("The table has no rows: there is nobody to send to.")
        confirmed = is_confirmed(confirm, len(rows), 1)
        checked = self._check(draft, rows, ignore_quiet_hours, variables)
        if not confirmed:
            return BatchResult(draft.batch, self._unconfirmed(checked), 0.0)
        return send_batch(
            self._context,
            checked,
            batch=draft.batch,
            ignore_quiet_hours=ignore_quiet_hours,
            stop=stop,
            on_progress=on_progress or (lambda progress: None),
        )

    def _unconfirmed(self, checked: Sequence[PreflightResult]) -> list[SendResult]:
        """What would become of each row of a batch that nobody said yes to."""
        from workbench.sending.outgoing import intent_key
        from workbench.sending.results import result

        problem = f"Nothing was sent: give confirm={len(checked)} to send."
        return [
            result(
                one,
                intent_key(one.outgoing, self._context.secret),
                "blocked" if one.is_blocked else "already_sent" if one.facts.sent_as else "unconfirmed",
                problem=None if one.is_blocked else problem,
                message_sid=one.facts.sent_as,
            )
            for one in checked
        ]

    def cancel(self, message_sid: str) -> Cancelled:
        """Cancel a scheduled message.

        Raises:
            TwilioError: it was sent already, or there is none.
        """
        from workbench.sending.cancel import cancel

        return Cancelled(message_sid, cancel(self._context, message_sid))

    def outbox(self, state: str | None = None) -> pd.DataFrame:
        """What was sent from here and how it ended, newest first; recipients are masked.

        Args:
            state: intended, accepted, refused, unsent or unclear; None for all.
        """
        from workbench.sending.outbox import read_frame

        return read_frame(self._reader, state)

    def settle(self) -> pd.DataFrame:
        """Look in Twilio's log for messages whose end nobody recorded; one row for each of them.

        Never sends. What cannot be told yet stays `undecided`.
        """
        import pandas as pd

        from workbench.sending.settle import settle_all

        rows = [
            {
                "key": key,
                "answer": decision.answer,
                "message_sid": decision.row.message_sid if decision.row else None,
                "reason": decision.reason,
            }
            for key, decision in settle_all(self._context).items()
        ]
        return pd.DataFrame(rows, columns=["key", "answer", "message_sid", "reason"])

    def templates(self, search: str = "") -> list[Template]:
        """The templates of this installation (`templates/NAME.toml` in its home), those with these words."""
        from workbench.messaging.templates import search_templates
        from workbench.sending.template_files import read_templates

        return search_templates(read_templates(self.settings.home)[0], search)

    def render_template(self, name: str, variables: Mapping[str, object] | None = None) -> str:
        """One template with its blanks filled, as it would be sent.

        Raises:
            UnknownName: there is no such template.
            UsageError: a blank has no value, or a value has no blank.
        """
        from workbench.messaging.templates import render
        from workbench.sending.template_files import find_template
        from workbench.sending.unused import refuse_unused

        template, settings = find_template(self.settings.home, name), self._sending
        refuse_unused(variables or {}, (template.body, *template.content_variables.values()))
        return render(
            template,
            variables or {},
            business_name=settings.business_name,
            opt_out_line=settings.opt_out_line,
        )

    def close(self) -> None:
        """Let go of the lake and of the connections to Twilio. Opening again is automatic."""
        context = self.__dict__.pop("_desk", None)
        if context is not None:
            context.sender.close()
            context.log.close()
        super().close()

    # --- what these stand on ---

    @property
    def _sending(self) -> SendingSettings:
        return self.settings.sending

    @cached_property
    def _context(self) -> SendContext:
        """This installation, opened for sending."""
        from workbench.messaging.quiet_hours import load_rules
        from workbench.sending.context import SendContext
        from workbench.sending.media_check import check_media
        from workbench.sync.shared.privacy import open_privacy
        from workbench.twilio.client import TwilioClient
        from workbench.twilio.sending import MessageSender
        from workbench.twilio.urls import is_loopback, parse_base_url

        settings = self.settings
        credentials, base_url = settings.credentials, settings.twilio.base_url
        own_rules = settings.home / "quiet_hours.toml"
        is_simulated = is_loopback(parse_base_url(base_url))
        return SendContext(
            lake=self.lake,
            sender=MessageSender(credentials, base_url=base_url),
            log=TwilioClient(credentials, base_url=base_url),
            settings=self._sending,
            privacy=open_privacy(self.lake, settings.privacy.mode),
            quiet_rules=load_rules(own_rules if own_rules.exists() else None),
            status_callback=settings.public_url and settings.public_url + STATUS_PATH,
            mps_limits=settings.mps_limits,
            check_media=lambda url, to: check_media(url, to, allow_private=is_simulated),
        )

    def _contact_zones(self, addresses: Sequence[str]) -> Mapping[str, str]:
        """Time zones that somebody set for these contacts, by address."""
        return {}

    def _rows(self, to: object, to_column: str | None = None) -> list[dict[str, object]]:
        from workbench.sending.recipients import read_recipients

        return read_recipients(to, self._number_context(), to_column)

    def _draft(
        self, body: str | None, options: dict[str, Any], has_rows: bool = False
    ) -> tuple[Draft, Mapping[str, object]]:
        from workbench.sending.compose import Draft, check_draft, texts_given
        from workbench.sending.template_files import find_template

        options = dict(options)
        variables = _variables(options.pop("variables", None))
        name, at, media = options.pop("template", None), options.pop("at", None), options.pop("media", ())
        known = set(Draft.__dataclass_fields__) - {"body", "template", "send_at", "media", "fills_blanks"}
        unknown = sorted(set(options) - known)
        if unknown:
            allowed = sorted(known | {"template", "variables", "at", "media"})
            raise UsageError(f"There is no option {unknown[0]!r}; there are {', '.join(allowed)}.")
        texts_given(body, name, options.get("content_sid"))
        draft = Draft(
            body=body,
            template=None if name is None else find_template(self.settings.home, name),
            media=(media,) if isinstance(media, str) else tuple(media),
            send_at=self._moment(at),
            **options,
        )
        check_draft(draft, has_rows)
        return draft, variables

    def _moment(self, at: datetime | str | None) -> datetime | None:
        """In UTC; a time without a zone is of the configured one."""
        if at is None:
            return None
        try:
            moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        except ValueError as error:
            raise UsageError(
                f"The time is {at!r}; write it as 2026-11-30T09:00 or with a zone, -05:00."
            ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.settings.timezone))
        return moment.astimezone(UTC)

    def _check(
        self,
        draft: Draft,
        rows: Sequence[Mapping[str, object]],
        ignore_quiet_hours: bool,
        variables: Mapping[str, object] | None = None,
    ) -> list[PreflightResult]:
        from dataclasses import replace

        from workbench.messaging.written import is_missing
        from workbench.sending.compose import compose_rows, draft_texts
        from workbench.sending.unused import refuse_unused

        if variables:
            columns = set(rows[0]).intersection(*rows) if rows else set()
            refuse_unused(variables, draft_texts(draft, rows), columns)
        messages: list[Outgoing] = compose_rows(draft, rows, self._sending, variables)
        zones = dict(self._contact_zones([one.to for one in messages]))
        for one, row in zip(messages, rows, strict=True):
            if not is_missing(row.get("time_zone")):
                zones[one.to] = str(row["time_zone"])
        context = replace(self._context, zones=zones)
        return context.preflight(messages, ignore_quiet_hours=ignore_quiet_hours)


_SHOWN = [
    "to", "verdict", "reasons", "country", "encoding", "segments", "price", "currency", "price_source",
    "local_time", "sends_at",
]  # fmt: skip


def _shown(one: PreflightResult) -> dict[str, Any]:
    from workbench.messaging.addresses import country, mask

    quiet, price = one.facts.quiet, one.facts.price
    times = sorted({f"{moment:%a %H:%M}" for moment in quiet.local_times}) if quiet else []
    return {
        "to": mask(one.outgoing.to),
        "verdict": one.verdict,
        "reasons": one.why(),
        "country": country(one.outgoing.to),
        "encoding": one.count.encoding,
        "segments": one.count.segments,
        "price": one.cost.amount if one.cost else None,
        "currency": one.cost.currency if one.cost else None,
        "price_source": price.source if price else None,
        "local_time": " – ".join(times) or None,
        "sends_at": one.outgoing.send_at,
    }


def _variables(given: object) -> dict[str, object]:
    """Raises UsageError when it is no mapping of names."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UsageError(f"variables is {given!r}; give a dict, as {{'first_name': 'Ana'}}.")
    return {str(name): value for name, value in given.items()}
