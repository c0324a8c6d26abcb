"""One installation, opened: what every call of the notebook API and every command stands on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Self

from workbench.errors import NothingKnown, UsageError
from workbench.settings import STATUS_PATH, Settings, load_settings

if TYPE_CHECKING:
    from workbench.compliance.data_subject import DataSubject
    from workbench.conversations.conversation_cache import ConversationCache
    from workbench.conversations.reply_queue import ReplyQueue
    from workbench.lake.connect import Lake, Readable
    from workbench.lake.fleet.only_one import Sole
    from workbench.lake.sql_door import SqlDoor
    from workbench.messaging.address_reader import NumberContext
    from workbench.messaging.keywords import OwnKeywords
    from workbench.messaging.privacy import Privacy
    from workbench.metrics.definitions.model import Dimension, Metric
    from workbench.metrics.engines import EngineChoice
    from workbench.metrics.spark.reader import SparkReader
    from workbench.sending.context import SendContext
    from workbench.sync.account.media_bytes import MediaStore
    from workbench.sync.shared.cancellation import Cancellation
    from workbench.twilio.client import TwilioClient

SYNC_ATTEMPTS = 8
"""A long sync outlasts a Twilio that stumbles for a quarter of a minute."""


def read_home(home: str | os.PathLike[str] | Settings | None, settings: Settings | None) -> Settings:
    """The settings of a home that somebody named, or those given instead.

    Raises:
        UsageError: the home is none, the settings are none, or there are both.
        ConfigError: the settings are wrong.
    """
    if isinstance(home, Settings) and settings is None:
        home, settings = None, home
    if settings is not None and not isinstance(settings, Settings):
        raise UsageError(
            f"settings is {settings!r}, a {type(settings).__name__}; give Settings, as "
            "load_settings({'WORKBENCH_HOME': 'data'}), or nothing."
        )
    if home is not None and settings is not None:
        raise UsageError(f"There are a home, {home!r}, and settings, of {settings.home}; give one of them.")
    if home is None:
        return settings or _newest_settings(None)
    path = os.fspath(home) if isinstance(home, str | os.PathLike) else home
    if not isinstance(path, str) or not path.strip():
        raise UsageError(f"home is {home!r}; give the path of its folder, as 'data', or Settings.")
    return _newest_settings(path)


def _newest_settings(home: str | None) -> Settings:
    """The settings of a home; in a fleet after what is newer there was taken, which they may be part of."""
    settings = load_settings(home=home)
    if not settings.may_be_in_fleet:
        return settings
    from workbench.lake.fleet.shared_files import enter_fleet

    taken = enter_fleet(settings)
    return load_settings(home=home) if taken and taken.names else settings


class Installation:
    """The settings, the lake for writing and for reading, and the ways to Twilio; each opened on first use.

    Args:
        settings: by default those of the environment and ``workbench.toml``.
        lake: one that is open already and stays open when this closes, as that of a page server.

    Raises:
        ConfigError: those of the environment or of ``workbench.toml`` are wrong.
    """

    def __init__(self, settings: Settings | None = None, *, lake: Lake | None = None) -> None:
        self.settings = settings or load_settings()
        self._lock = threading.RLock()
        self._given_lake = lake
        self._lake: Lake | None = lake
        self._reader: Lake | None = None
        self._sql_door: SqlDoor | None = None
        self._spark: tuple[EngineChoice, SparkReader] | None = None
        self._has_log = False
        self._send_context: SendContext | None = None
        self._conversation_cache: ConversationCache | None = None
        self.reply_queue: ReplyQueue | None = None
        """Answers of the inbox that wait some seconds; begun by the first inbox."""

    @property
    def lake(self) -> Lake:
        """The lake for writing, opened on first use.

        Raises:
            NothingKnown: there is none yet; :meth:`begin_lake` makes one.
        """
        return self._open_lake(may_begin=False)

    def begin_lake(self, first: Callable[[], object] = lambda: None) -> Lake:
        """The lake for writing, made where there is none yet: for calls that bring something into it.

        Args:
            first: what has to go well before one is made, as that Twilio takes the credentials. If it raises,
                none is made: a lake that nothing comes into would look like an account without messages.
        """
        try:
            return self.lake
        except NothingKnown:
            first()
            return self._open_lake(may_begin=True)

    def require_log(self) -> None:
        """Refuse to answer what follows from the message log while none was ever read: NothingKnown."""
        if not self._has_log:
            from workbench.lake.read_days import require_log

            require_log(self._lake or self.reader)
            # It was read, and stays so.
            self._has_log = True

    @property
    def reader(self) -> Lake:
        """The same lake, attached so that no statement can change it."""
        with self._lock:
            if self._reader is None:
                from workbench.lake import open_lake

                self._count_own_keywords()
                self._reader = open_lake(self.settings, read_only=True)
            return self._reader

    def reader_of(self, engine: str | None) -> Readable:
        """The same lake, read by the engine that somebody named; Spark is started once and ends with this.

        Raises:
            UsageError: there is no such engine.
        """
        from workbench.metrics.engines import DUCKDB, read_engine

        choice = read_engine(engine)
        if choice.name == DUCKDB:
            return self.reader
        with self._lock:
            if self._spark is not None and self._spark[0] != choice:
                self._close_spark()
            if self._spark is None:
                from workbench.metrics.spark.reader import SparkReader

                self._spark = choice, SparkReader(self.reader, choice, self.settings.home)
            return self._spark[1]

    def _close_spark(self) -> None:
        if self._spark is not None:
            self._spark[1].close()
            self._spark = None

    @property
    def sql_door(self) -> SqlDoor:
        """The lake for SQL that somebody typed: queries only, and no file beside it."""
        with self._lock:
            if self._sql_door is None:
                from workbench.lake.sql_door import SqlDoor

                self._count_own_keywords()
                self._sql_door = SqlDoor(self.settings)
            return self._sql_door

    @property
    def send_context(self) -> SendContext:
        """What sending stands on."""
        with self._lock:
            if self._send_context is None:
                self._send_context = self._open_send_context()
            return self._send_context

    @property
    def conversation_cache(self) -> ConversationCache:
        """The conversations of the lake for writing, kept in memory."""
        with self._lock:
            if self._conversation_cache is None:
                from workbench.conversations.conversation_cache import ConversationCache

                self._conversation_cache = ConversationCache(self.lake)
            return self._conversation_cache

    @property
    def actor(self) -> str:
        """Who is at it just now, as the audit trail names them."""
        from workbench.roles import current_actor

        return current_actor()

    def alone(self, name: str, doing: str) -> AbstractContextManager[Sole]:
        """Be the only process that does something on this lake, on whatever machine.

        See :func:`workbench.lake.fleet.only_one.only_one_of_lake`.
        """
        from workbench.lake.address import lake_address
        from workbench.lake.fleet.only_one import only_one_of_lake

        return only_one_of_lake(lake_address(self.settings), self.settings.home, name, doing)

    def only_machine(self, name: str, doing: str) -> AbstractContextManager[Sole]:
        """As :meth:`alone`, but other processes of this home may do it, too."""
        from workbench.lake.address import lake_address
        from workbench.lake.fleet.only_one import only_one_machine

        return only_one_machine(lake_address(self.settings), self.settings.home, name, doing)

    def use_own_metrics(self) -> None:
        """Make the metrics and dimensions in ``metrics/`` of the home known by name in this process."""
        from workbench.metrics.own.current import use_own_metrics

        use_own_metrics(self.settings.home)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Every metric by name, the users' own included."""
        from workbench.metrics.definitions import METRICS

        self.use_own_metrics()
        return METRICS

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """Every dimension by name, the users' own included."""
        from workbench.metrics.definitions import DIMENSIONS

        self.use_own_metrics()
        return DIMENSIONS

    def timezone(self, given: str | None = None) -> str:
        """The time zone of one call: the one that it names, else that of the settings.

        Raises:
            ConfigError: there is no such time zone.
        """
        from workbench.settings import check_timezone

        return self.settings.timezone if given is None else check_timezone(given)

    def number_context(self, country: str | None = None) -> NumberContext:
        """How addresses are read here; `country` (else the settings') is where numbers without one are."""
        from workbench.lake.number_context import read_number_context

        return read_number_context(self.lake, country or self.settings.sending.default_country)

    def privacy(self) -> Privacy:
        """What this lake may keep, settled before its first message."""
        from workbench.sync.shared.privacy import open_privacy

        return open_privacy(self.lake, self.settings.privacy.mode, self.own_keywords())

    def own_keywords(self) -> OwnKeywords:
        """The words of the settings and campaigns; if a list is new, messages that are here count by it."""
        from workbench.lake.own_keywords import open_own_keywords

        return open_own_keywords(self.lake, self.settings.keywords)

    def contact_privacy(self) -> Privacy:
        """How this lake keeps a contact's address; a mode that keeps them whole is not settled by asking."""
        from workbench.messaging.privacy import Privacy, privacy_mode

        mode = privacy_mode(self.settings.privacy.mode)
        return self.privacy() if mode.needs_key else Privacy(mode)

    def kept_contact(self, number: str) -> str:
        """The contact of a number that somebody typed, as this lake keeps it."""
        from workbench.messaging.address_reader import read_address

        address = read_address(number, self.number_context())
        return self.contact_privacy().contact(address) or address

    def contact_zones(self, addresses: Sequence[str]) -> dict[str, str]:
        """Time zones that somebody set for these contacts, by address."""
        from workbench.conversations.contact_zones import read_contact_zones

        return read_contact_zones(self.lake, addresses, self.contact_privacy())

    def data_subject(self, address: str) -> DataSubject:
        """The person behind an address that somebody typed."""
        return self.data_subjects([address])[0]

    def data_subjects(self, addresses: Sequence[str]) -> list[DataSubject]:
        """The people behind addresses that somebody typed."""
        from workbench.compliance.data_subject import find_person
        from workbench.messaging.address_reader import read_address

        numbers, privacy = self.number_context(), self.privacy()
        return [find_person(read_address(address, numbers), privacy) for address in addresses]

    def twilio_client(self, cancellation: Cancellation) -> TwilioClient:
        """For long work: patient with a Twilio that stumbles, and ended by `cancellation`."""
        from workbench.twilio.client import TwilioClient
        from workbench.twilio.concurrency import REQUESTS_AT_ONCE, AdaptiveLimit

        return TwilioClient(
            self.settings.credentials,
            base_url=self.settings.twilio.base_url,
            sleep=cancellation.pause,
            limit=AdaptiveLimit(REQUESTS_AT_ONCE, start=REQUESTS_AT_ONCE * 3 // 4, step=1),
            attempts=SYNC_ATTEMPTS,
        )

    def media_store(self) -> MediaStore | None:
        """Where the bytes of attachments go, if the settings ask for them."""
        if not self.settings.sync.media_bytes:
            return None
        from workbench.sync.account.media_bytes import MediaStore
        from workbench.twilio.media import fetch_media_bytes

        fetch = partial(fetch_media_bytes, self.settings.credentials, base_url=self.settings.twilio.base_url)
        return MediaStore(self.settings.home / "media", fetch)

    def prepare_audits(self) -> None:
        """Bring what follows from the log (places, hours, templates, languages …) up to date with it."""
        from workbench.compliance.checks import prepare_audits
        from workbench.lake.begun_decisions import mend_lost_decisions
        from workbench.lake.contact_languages import prepare_languages
        from workbench.lake.text_templates import prepare_templates

        self.own_keywords()
        prepare_templates(self.lake)
        prepare_languages(self.lake)
        mend_lost_decisions(self.lake)
        prepare_audits(self.lake)

    def close_reader(self) -> None:
        """Let go of the lake for reading only: it would keep old files in use."""
        with self._lock:
            self._close_spark()
            if self._reader is not None:
                self._reader.close()
                self._reader = None
            if self._sql_door is not None:
                self._sql_door.close()
                self._sql_door = None

    def follow_move(self) -> None:
        """Read the settings once more after the lake was moved: workbench.toml may name the new one."""
        self.settings = load_settings(home=self.settings.home)

    def close(self) -> None:
        """Let go of the lake and of the connections to Twilio. Opening again is automatic."""
        with self._lock:
            if self._send_context is not None:
                self._send_context.sender.close()
                self._send_context.log.close()
                self._send_context = None
            self.close_reader()
            self._conversation_cache = None
            if self._lake is not None and self._lake is not self._given_lake:
                self._lake.close()
            self._lake = self._given_lake
            self._has_log = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_lake(self, *, may_begin: bool) -> Lake:
        with self._lock:
            if self._lake is None:
                from workbench.lake import open_lake

                self._lake = open_lake(self.settings, may_begin=may_begin, threads=1)
            return self._lake

    def _count_own_keywords(self) -> None:
        """A word that somebody just wrote into the settings counts in the next answer."""
        words = self.settings.keywords
        if words.opt_out or words.opt_in or words.help:
            self.own_keywords()

    def _open_send_context(self) -> SendContext:
        from workbench.api.reply_files import is_own, own_file_problem, reply_files
        from workbench.compliance.checks import quiet_hours_rules
        from workbench.sending.context import SendContext
        from workbench.sending.media_check import check_media
        from workbench.twilio.client import TwilioClient
        from workbench.twilio.contents import TemplateApprovals
        from workbench.twilio.sending import MessageSender
        from workbench.twilio.urls import is_loopback, parse_base_url

        settings = self.settings
        credentials, base_url = settings.credentials, settings.twilio.base_url
        is_simulated = is_loopback(parse_base_url(base_url))
        log = TwilioClient(credentials, base_url=base_url)
        files = reply_files(self)

        def media_problem(url: str, to: str) -> str | None:
            if is_own(settings, url):
                return own_file_problem(files, url, to)
            return check_media(url, to, allow_private=is_simulated)

        return SendContext(
            lake=self.lake,
            sender=MessageSender(credentials, base_url=base_url),
            log=log,
            settings=settings.sending,
            privacy=self.privacy(),
            quiet_rules=quiet_hours_rules(settings.home),
            status_callback=settings.public_url and settings.public_url + STATUS_PATH,
            mps_limits=settings.mps_limits,
            check_media=media_problem,
            template_state=TemplateApprovals(log),
        )
