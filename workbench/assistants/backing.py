"""What all tools stand on: the installation, who asks, and what is opened once for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from workbench.assistants.caller import AssistantCaller
from workbench.assistants.outside_text import outside_text, outside_value
from workbench.display.periods import DEFAULT_PRESET, Period, custom_period, parse_day, preset_period
from workbench.errors import UsageError
from workbench.messaging.number_masking import mask_numbers

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.lake.masked_sql_door import MaskedSqlDoor
    from workbench.metrics.filter_values import Filters
    from workbench.ui.filters import Option
    from workbench.ui.store import Store

_QUERIES_PER_ENGINE = 2_000
"""DuckLake keeps something of every version that an engine has seen."""


class Backing:
    """Gives tools the installation and the caller of the moment. Safe to use from several threads.

    Args:
        installation_of: gives the installation; it stays open.
        caller_of: says who asks, in the context of a call.
    """

    def __init__(
        self, installation_of: Callable[[], Installation], caller_of: Callable[[], AssistantCaller]
    ) -> None:
        self._installation_of, self._caller_of = installation_of, caller_of
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._masked_door: MaskedSqlDoor | None = None
        self._queries = 0

    @property
    def installation(self) -> Installation:
        return self._installation_of()

    @property
    def caller(self) -> AssistantCaller:
        return self._caller_of()

    @property
    def is_masked(self) -> bool:
        """Whether the caller may see no whole number."""
        return not self.caller.sees_whole_numbers

    def store(self) -> Store:
        """The cached questions that pages stand on, over the lake for reading."""
        from workbench.ui.store import Store

        installation = self.installation
        installation.require_log()
        installation.use_own_metrics()
        lake, settings = installation.reader, installation.settings
        with self._lock:
            if self._store is None or self._store.lake is not lake:
                self._store = Store(lake, settings.timezone, settings.daily_caps, settings)
            return self._store

    def masked_door(self) -> MaskedSqlDoor:
        """The door for SQL without whole numbers, opened on first use."""
        from workbench.lake.masked_sql_door import MaskedSqlDoor

        with self._lock:
            self._queries += 1
            if self._masked_door is None or self._queries > _QUERIES_PER_ENGINE:
                # Whoever still asks the old one has a connection of its own.
                self._masked_door, self._queries = MaskedSqlDoor(self.installation.settings), 1
            return self._masked_door

    def close(self) -> None:
        """Close what was opened here; the installation stays as it is."""
        with self._lock:
            if self._masked_door is not None:
                self._masked_door.close()
            self._masked_door = self._store = None

    def period(self, since: str | None, until: str | None, timezone: str) -> Period:
        """The days of a question; without any the last 30, today included, as on the pages.

        Raises:
            UsageError: a text is no date, or since is not before until.
        """
        first, end = parse_day(since or None, "since"), parse_day(until or None, "until")
        now = datetime.now(UTC)
        if first is None and end is None:
            return preset_period(DEFAULT_PRESET, now, timezone)
        if first is None:
            raise UsageError(f"until is {until!r} and there is no since; write the first day, too.")
        if end is not None and first >= end:
            raise UsageError(f"since ({first}) must be before until ({end}); until itself is not included.")
        return custom_period(first, end, now, timezone)

    def link(self, page: str, since: date | None = None, until: date | None = None, **where: object) -> str:
        """The address of a page: whole where `[access] url` says how people open it, else its path."""
        from workbench.alerts.message import view_link

        path = page if since is None or until is None else view_link(page, where, since, until)
        base = self.installation.settings.access.url
        return f"{base.rstrip('/')}/{path}" if base else path

    def text(self, text: str | None) -> str | None:
        """A text that others wrote, numbers in it masked: a text never shows one whole unless revealed."""
        return outside_text(text)

    def own_text(self, text: str) -> str:
        """A text of ours; numbers in it are masked for who may not see them whole."""
        return str(outside_value(text, is_masked=self.is_masked))

    def filters(self, where: Mapping[str, Any] | None) -> Filters:
        """Filters as metrics take them: a masked sender is found by what is shown of it.

        Raises:
            UsageError: a filter is none, or is by people's numbers and the caller may not see them.
        """
        from workbench.metrics.filter_values import find_dimension, read_filters

        self.installation.use_own_metrics()
        filters = read_filters(where)
        for name in filters:
            if find_dimension(name).is_address and self.is_masked:
                raise UsageError(
                    f"{name} has the numbers of people, and cannot be filtered by while they are masked."
                )
        if "sender" in filters:
            options = self.sender_options()
            whole = {token: option.value for option in options for token in (option.former, option.token)}
            filters["sender"] = tuple(whole.get(value or "none", value) for value in filters["sender"])
        return filters

    def sender_options(self) -> Sequence[Option]:
        """Our senders with what pages show of each."""
        return self.store().options(["sender"])["sender"]

    def shown_senders(self) -> Mapping[str | None, str | None]:
        """Sender → what the caller sees of it: its mask, as in links of pages, or the whole."""
        if not self.is_masked:
            return {}
        return {
            option.value: option.former or option.token
            for option in self.sender_options()
            if option.value is not None
        }

    def shown_sql(self, sql: str) -> str:
        """A query as the caller may see it."""
        return mask_numbers(sql) if self.is_masked else sql


def now_text() -> str:
    """This moment, as answers write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def moment_text(moment: datetime | None) -> str | None:
    """A moment of the lake, as answers write it."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def period_text(period: Period) -> str:
    """A period in words: its days and their time zone."""
    return f"{period.label} ({period.timezone}), from {period.since} up to, not including, {period.until}"
