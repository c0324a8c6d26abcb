""":class:`Workbench`: what people type every day, and under which word the rest is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, Unpack

from workbench.errors import LakeError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.conversation import OpenConversation
    from workbench.api.explain import Explanation
    from workbench.api.status import Status
    from workbench.backup.export import Exported
    from workbench.backup.make import BackupMade
    from workbench.doctor.check_result import Diagnosis
    from workbench.metrics.compile import Moment
    from workbench.metrics.filter_values import Where
    from workbench.sending.batch import OnBatchProgress
    from workbench.sending.message_options import MessageOptions, ReplyOptions
    from workbench.sending.results import BatchResult, SendResult
    from workbench.settings import Settings
    from workbench.sync.reconcile.run import OnDay, ReconcileReport


class Workbench:
    """One installation, opened for a notebook or a script, with the words of the command line.

    >>> wb = Workbench()
    >>> wb.sync()
    >>> wb.metric("delivery_rate", by=["day", "sender"])

    `workbench consent blocked` is ``wb.consent.blocked()``; print ``wb.consent`` for all calls of it.

    Several homes may be open in one process, each with a Workbench of its own.

    Args:
        home: the folder of the installation; by default ``WORKBENCH_HOME``, or the nearest ``data``. Settings
            are taken as they are.
        settings: instead of a home; else they are read from the environment, which goes first, and the
            files of the home (see :mod:`workbench.settings`).

    Raises:
        UsageError: `home` is no path, or there are both a home and settings.
        ConfigError: the settings are wrong.
    """

    def __init__(
        self, home: str | PathLike[str] | Settings | None = None, *, settings: Settings | None = None
    ) -> None:
        from workbench.api.alerts import Alerts
        from workbench.api.audit import Audit
        from workbench.api.campaigns import CampaignCalls
        from workbench.api.compliance import Compliance
        from workbench.api.consent import Consent
        from workbench.api.contacts import Contacts
        from workbench.api.events import Events
        from workbench.api.installation import Installation, read_home
        from workbench.api.lake import LakeCalls
        from workbench.api.metrics import Dimensions, Metrics
        from workbench.api.notifications import Notifications
        from workbench.api.outbox import Outbox
        from workbench.api.reports import Reports
        from workbench.api.retention import Retention
        from workbench.api.rules import Rules
        from workbench.api.sql import Sql
        from workbench.api.subject import Subject
        from workbench.api.sync import Sync
        from workbench.api.templates import Templates
        from workbench.api.tokens import TokenCalls
        from workbench.api.views import Views

        # Attributes, not properties: completion in notebooks evaluates no property.
        self._installation = installation = Installation(read_home(home, settings))
        self.settings = installation.settings
        self.sync = Sync(installation)
        self.sql = Sql(installation)
        self.metrics = Metrics(installation)
        self.dimensions = Dimensions(installation)
        self.campaigns = CampaignCalls(installation)
        self.consent = Consent(installation)
        self.audit = Audit(installation)
        self.alerts = Alerts(installation)
        self.notifications = Notifications(installation)
        self.events = Events(installation)
        self.rules = Rules(installation)
        self.compliance = Compliance(installation)
        self.contacts = Contacts(installation)
        self.reports = Reports(installation)
        self.subject = Subject(installation)
        self.retention = Retention(installation)
        self.templates = Templates(installation)
        self.outbox = Outbox(installation)
        self.lake = LakeCalls(installation)
        self.tokens = TokenCalls(installation)
        self.views = Views(installation)

    def status(self, *, runs: int = 0) -> Status:
        """How far the sync is, what is open, how fresh the numbers are, what runs and what waits.

        Args:
            runs: list the last so many runs of each scheduled job, too.

        Raises:
            UsageError: `runs` is less than 0.
        """
        from workbench.api.status import read_status

        return read_status(self._installation, runs)

    def doctor(self, names: str | Iterable[str] = (), *, offline: bool = False) -> Diagnosis:
        """What is wrong with the account, the webhooks, the lake and this machine, each with its repair.

        It changes nothing. A check that cannot be made says so, and hides none of the others.

        Args:
            names: checks, by default all; the command ``workbench doctor --all`` names them.
            offline: ask neither Twilio nor the public address.

        Raises:
            UnknownName: there is no such check.
        """
        from workbench.api.doctor import diagnose

        return diagnose(self._installation, names, offline=offline)

    def explain(self, code: int | str) -> Explanation:
        """What an error code of Twilio means, who can mend it and how, and how often it happened here.

        Args:
            code: as 30007; one that is not known is answered with a link to Twilio's page about it.

        Raises:
            UsageError: it is no error code.
        """
        from workbench.api.explain import explain_code

        return explain_code(self._installation, code)

    def backup(
        self,
        target: str | None = None,
        *,
        keep: int | None = None,
        on_progress: Callable[[str], None] = lambda step: None,
        stop: threading.Event | None = None,
    ) -> BackupMade:
        """Copy the lake and the home to a folder or bucket while everything goes on, and read it back.

        Only what the target lacks is copied; killed at any moment, earlier backups are as they were.
        `workbench restore` puts one back.

        Args:
            target: a folder outside of the home, or `s3://bucket/prefix/`; by default ``[backup] target``.
            keep: remove all but so many of the newest backups afterwards; by default ``[backup] keep``.
            on_progress: is told what is copied now.
            stop: set it from elsewhere to end early; the next run goes on.

        Raises:
            UsageError: no target is named, or it is inside of the home.
            BackupError: the target cannot be used, or holds another lake's backups.
            LakeBusy: another backup is being made.
        """
        from workbench.api.backup import make

        return make(self._installation, target, keep, on_progress=on_progress, stop=stop)

    def export(
        self, to: str | PathLike[str], *, whole_numbers: bool = False, overwrite: bool = False
    ) -> Exported:
        """Write what analysts use as one plain DuckDB file, or as Parquet files: any tool opens either.

        Args:
            to: a file that ends in .duckdb, or a folder for Parquet files.
            whole_numbers: numbers and names of people whole, which the audit trail notes; else masked.
            overwrite: replace an earlier export.

        Raises:
            UsageError: something is there already, or the name says neither.
            NothingKnown: no message log was read yet.
            NotAllowed: the user may not have whole numbers.
        """
        from workbench.api.backup import export

        return export(self._installation, to, whole_numbers=whole_numbers, overwrite=overwrite)

    def reconcile(
        self,
        since: date | str | None = None,
        until: date | str | None = None,
        *,
        repair: bool = False,
        on_day: OnDay | None = None,
        stop: threading.Event | None = None,
    ) -> ReconcileReport:
        """Compare the lake with Twilio, GMT day by day: rows, spend and statuses.

        Args:
            since: first GMT day; by default the last 7 days.
            until: first GMT day not to compare any more; by default tomorrow.
            repair: bring what is missing, correct what differs, and compare those days again.
            on_day: is told of each day that was compared.
            stop: set it from elsewhere to end early.
        """
        from workbench.api.reconcile import reconcile

        return reconcile(self._installation, since, until, repair=repair, on_day=on_day, stop=stop)

    def metric(
        self,
        name: str,
        by: str | Iterable[str] | None = (),
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        *,
        timezone: str | None = None,
        allow_unknown: bool = False,
        engine: str = "duckdb",
    ) -> pd.DataFrame:
        """One metric as a frame.

        Args:
            name: a metric; ``wb.metrics`` has them all.
            by: names of dimensions, one row per combination that occurs; ``wb.dimensions`` has them all.
            where: dimension → value, or values of which a row must have one. Values of our own frames fit.
            since, until: first moment in, and first one not in any more; a date is its midnight in
                `timezone`.
            timezone: of days, weeks, months, hours and of dates in this call, as Europe/Berlin; by default
                that of the settings.
            allow_unknown: answer also for a sender, service or other value that the lake has never seen.
            engine: what counts: duckdb; spark for Apache Spark on this machine; spark=MASTER for a cluster,
                as ``spark=spark://host:7077``. The numbers are the same (docs/engines.md).

        Returns:
            The columns of :func:`workbench.metrics.compile_metric`. ``polars.DataFrame(frame)``, or any
            other library that reads Arrow, takes it as it is. ``frame.attrs`` has the name, label,
            unit, description, time zone, the time it was asked (`as_of`), and `sql`, which runs as it is.

        Raises:
            UnknownName: a metric, dimension or value that there is not; the message names the nearest.
            UsageError: a value or moment of the wrong kind.
            ConfigError: `timezone` is no time zone, or pyspark or Java is missing.
            Unreachable: the Spark cluster does not answer.
        """
        from workbench.api.metrics import query

        return query(
            self._installation, name, by, where, since, until, timezone, allow_unknown, engine=engine
        )

    def explore(
        self,
        metrics: str | Iterable[str],
        by: str | Iterable[str] | None = (),
        grain: str | None = None,
        *,
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        compare: str = "none",
        top: int = 8,
        order: str = "size",
        share: bool = False,
        timezone: str | None = None,
        allow_unknown: bool = False,
    ) -> pd.DataFrame:
        """Metrics by up to two dimensions and time as one frame; the page Explore shows the same.

        Args:
            metrics: one to four names; the first one ranks the values.
            by: at most two dimensions; the values after the first `top` are one row, as `12 others`, counted
                by the metric's own definition. A filter on the direction does not hold for metrics about what
                people sent.
            grain: day, week or month; by default one number for the whole period.
            where, since, until, timezone, allow_unknown: as in :meth:`metric`.
            compare: previous (as many days before) or year: without a grain, that period's numbers too.
            top: so many values of a dimension have rows of their own.
            order: which values come first: size (most messages behind them), highest or lowest.
            share: each number as a part of the total, too; for what can be added only.

        Returns:
            One row for each number: `metric`, the dimensions, the grain, `currency`, `value`, `sample_size`,
            `in_flight`, `priced_share`, `is_small` (too few to trust), `share`, `before`. ``frame.attrs`` has
            the SQL and when it was asked.

        Raises:
            UnknownName: a metric, dimension or value that there is not.
            UsageError: too many of them, or a share of what cannot be added.
        """
        from workbench.api.explore import explore, make_question

        question = make_question(metrics, by, grain, top, order, share)
        return explore(self._installation, question, where, since, until, compare, timezone, allow_unknown)

    def send(
        self,
        to: str,
        body: str | None = None,
        *,
        confirm: bool | int = False,
        ignore_quiet_hours: bool = False,
        **options: Unpack[MessageOptions],
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
        from workbench.api.sending import send

        return send(self._installation, to, body, confirm, ignore_quiet_hours, options)

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
        **options: Unpack[MessageOptions],
    ) -> BatchResult:
        """Send to many at the sender's pace; without ``confirm=`` the number of rows nothing is sent.

        Can be ended at any moment and run again: what was sent stays sent, the rest goes on. A row with a
        blank that has no value is blocked and says which; the others go.

        Args:
            frame: one row per recipient, with the column `to`, or one called phone, mobile …; the other
                columns fill the blanks of the body or template, `First Name` those of ``{{ First_Name }}``.
                Without template and body, the column `body` is the text of each.
            confirm: the number of rows.
            to_column: the recipients' column, where its name does not say so or several can be it.
            ignore_quiet_hours: as in :meth:`send`.
            stop: set it from elsewhere to end after the messages in hand.
            on_progress: is told how far it is.
            options: as in :meth:`send`; give each campaign a `batch` of its own.

        Raises:
            UsageError: as in :meth:`send`.
        """
        from workbench.api.sending import send_batch

        return send_batch(
            self._installation,
            frame,
            body,
            confirm,
            to_column,
            ignore_quiet_hours,
            stop,
            on_progress,
            options,
        )

    def conversations(
        self,
        view: str = "open",
        *,
        search: str = "",
        assignee: str | None = None,
        mine: bool = False,
        label: str | None = None,
        language: str | None = None,
        order: str | None = None,
        limit: int = 30,
    ) -> pd.DataFrame:
        """Conversations as a frame, contacts masked; one row for each sender (or service) and contact.

        Args:
            view: waiting (a question has no answer), open, pending, snoozed, resolved or all.
            search: part of a text or a name, a message SID, a whole number, or its digits that are shown.
            assignee: only what this person or team has.
            mine: only what you have, or a team of yours.
            label: only with it.
            language: only who writes in it, as ``es``; ``unknown`` where no text says it clearly.
            order: longest (wait) or newest.
            limit: at most 500; ``frame.attrs["total"]`` says how many there are.
        """
        from workbench.api.conversations import conversations_frame

        return conversations_frame(
            self._installation, view, search=search, assignee=assignee, mine=mine, label=label,
            language=language, order=order, limit=limit,
        )  # fmt: skip

    def conversation(self, reference: str, *, our_side: str | None = None) -> OpenConversation:
        """One conversation, by its id or by the contact's number.

        Args:
            reference: the id (that of any of its messages), or a number; of several with it the latest.
            our_side: which of our senders or messaging services, where there are several.

        Raises:
            UsageError: there is none.
        """
        from workbench.api.conversation import OpenConversation
        from workbench.api.conversations import find_conversation

        details = find_conversation(self._installation, reference, our_side)
        return OpenConversation(self._installation, details)

    def reply(
        self,
        reference: str | OpenConversation,
        body: str | None = None,
        *,
        confirm: bool = False,
        ignore_quiet_hours: bool = False,
        **options: Unpack[ReplyOptions],
    ) -> SendResult:
        """Answer a conversation from our side of it; without ``confirm=True`` nothing is sent.

        The same text as an answer to the same message of theirs is sent once: running a cell again gives
        `already_sent`. After they wrote again it is a new answer.

        Args:
            reference: its id, the contact's number, or what :meth:`conversation` gave.
            body: the text; or give `template`.
            ignore_quiet_hours: as in :meth:`send`.
            options: as in :meth:`send`, but for sender and service, which the conversation settles.

        Raises:
            UsageError: there is no such conversation, or the lake does not keep its number.
        """
        conversation = self.conversation(reference) if isinstance(reference, str) else reference
        return conversation.reply(body, confirm=confirm, ignore_quiet_hours=ignore_quiet_hours, **options)

    def inbox(self, *, height: int = 620) -> Any:
        """The inbox as a widget: the list, the thread, and a composer. It updates by itself."""
        from workbench.api.inbox import open_inbox_session
        from workbench.ui.inbox import inbox_widget

        return inbox_widget(open_inbox_session(self._installation), height=height)

    def close(self) -> None:
        """Let go of the lake and of the connections to Twilio. Opening again is automatic."""
        self._installation.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            return f"Workbench\n{self.status()!r}\n\nTry wb.metric('delivery_rate', by=['day']), wb.sql('…')."
        except LakeError as error:
            return f"Workbench({str(self.settings.home)!r})\n{error}"
