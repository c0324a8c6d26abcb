"""The special kinds of values: money, time zones, times of jobs, senders, hosts, networks, roles, teams."""

from __future__ import annotations

import difflib
import ipaddress
import re
import zoneinfo
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from workbench.errors import ConfigError
from workbench.settings.declare import InvalidValue, Kind
from workbench.settings.kinds import refused, table, text, texts

if TYPE_CHECKING:
    from decimal import Decimal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ROLES = ("viewer", "agent", "admin")
REPORT_FORMATS = ("html", "pdf", "ipynb")
SENDER_KINDS = (
    "long code", "toll-free", "short code", "alphanumeric", "whatsapp", "rcs", "messenger", "unknown",
)  # fmt: skip
"""Names that mean all senders of a kind."""

_MONEY = r"(\d+(?:\.\d{1,6})?) ([A-Z]{3})"
_SENDER = (
    r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?:whatsapp|rcs|messenger):\S+"
    r"|(?=[^A-Za-z]*[A-Za-z])[!-*,-9;-~ ][!-9;-~ ]{0,10}"
)
_NEARLY_A_KIND = 0.8
_LENGTHS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def read_length(text: str) -> timedelta:
    """A length of time as the settings write it, such as ``30m``, ``6h`` or ``2d``."""
    return int(text[:-1]) * _LENGTHS[text[-1]]


@dataclass(frozen=True)
class Money:
    """An amount that can only be compared with amounts of the same currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"


def check_timezone(name: str) -> str:
    """The name itself, if it is a time zone.

    Raises:
        ConfigError: it is not a time zone.
    """
    try:
        return _timezone(name)
    except InvalidValue as error:
        raise ConfigError(f"timezone {error}") from error


def timezone() -> Kind:
    return Kind("the name of a time zone, as Europe/Berlin", _timezone)


def money() -> Kind:
    allowed = 'an amount with its currency, as "25.00 USD"'

    def parse(value: Any) -> Money:
        from decimal import Decimal

        match = re.fullmatch(_MONEY, value) if isinstance(value, str) else None
        if match is None:
            raise refused(value, allowed)
        return Money(Decimal(match[1]), match[2])

    return Kind(allowed, parse)


def moment() -> Kind:
    """When a job runs; `workbench.api.schedule` makes a rule from it."""
    return text(
        'how often ("5m", "2h"), a time of day ("03:30") or "off"',
        r"off|[1-9]\d{0,3}[mh]|(?:[01]\d|2[0-3]):[0-5]\d",
    )


def senders(value: Kind, example: str, *, kinds: bool) -> Kind:
    """A value for each sender, by its address or (with `kinds`) by its kind."""

    def entry(name: str, item: Any) -> tuple[str, Any]:
        _check_sender(name, kinds=kinds)
        try:
            return name, value.parse(item)
        except InvalidValue as error:
            raise InvalidValue(
                f"has {name!r} = {item!r}; write {value.allowed}, as {example}.", name
            ) from error

    return table(f"lines such as {example}", entry)


_HOST = re.compile(r"([a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


def hosts(name: str) -> Kind:
    """Hosts with or without a port, in lower case."""

    def item(value: str) -> str:
        netloc = (urlsplit(value).netloc if "//" in value else value).lower()
        if not _HOST.fullmatch(netloc):
            raise InvalidValue(f"has {value!r}; write hosts, as workbench.example.com or 10.0.0.5:8443.")
        return netloc

    return texts(f'a list of {name}, as ["workbench.example.com"]', item)


def networks() -> Kind:
    def item(value: str) -> Network:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError as error:
            raise InvalidValue(f"has {value!r}; write addresses, as 127.0.0.1 or 10.0.0.0/24.") from error
        if network.prefixlen == 0:
            raise InvalidValue(f"has {value!r}, which is everybody; name the proxy's own address.")
        return network

    return texts('a list of addresses or networks, as ["127.0.0.1"]', item)


def roles() -> Kind:
    def entry(email: str, role: Any) -> tuple[str, str]:
        if "@" not in email or role not in ROLES or "*" in email.removeprefix("*@"):
            raise InvalidValue(
                f"has {email!r} = {role!r}; write an e-mail address or *@domain, and one of "
                f"{', '.join(ROLES)}.",
                email,
            )
        return email.lower(), role

    return table('lines such as "ana@example.com" = "agent"', entry)


def teams() -> Kind:
    """Teams by name, each with the names of its people; all of them in small letters."""
    allowed = 'lines such as support = ["ana", "ben"]'

    def entry(name: str, members: Any) -> tuple[str, tuple[str, ...]]:
        team = name.lower()
        if not re.fullmatch(r"[a-z0-9][a-z0-9._+-]{0,59}", team):
            raise InvalidValue(
                f"has {name!r}, which is no name of a team: up to 60 letters a–z, digits and . _ + -, "
                "a letter or digit first.",
                name,
            )
        listed = members if isinstance(members, list) else []
        if not listed or not all(isinstance(member, str) and member.strip() for member in listed):
            problem = f'has {name!r} = {members!r}; write a list of people, as ["ana", "ben"].'
            raise InvalidValue(problem, name)
        return team, tuple(dict.fromkeys(member.strip().lower() for member in listed))

    return table(allowed, entry)


def report_formats() -> Kind:
    allowed = f"a list of {', '.join(REPORT_FORMATS)}"

    def parse(value: Any) -> tuple[str, ...]:
        formats = [str(each).lower() for each in value] if isinstance(value, list) else []
        if not formats or set(formats) - set(REPORT_FORMATS):
            raise refused(value, allowed)
        return tuple(formats)

    return Kind(allowed, parse)


def _timezone(name: Any) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError) as error:
        raise InvalidValue(
            f"is {name!r}, which is no time zone; write a name such as 'Europe/Berlin', "
            "'America/New_York' or 'UTC'."
        ) from error
    return str(name)


def _check_sender(name: str, *, kinds: bool) -> None:
    if name in SENDER_KINDS:
        if kinds:
            return
        raise InvalidValue(f"has {name!r}; a cap is of one sender: write its address, as +12025550110.", name)
    near = difflib.get_close_matches(name.lower(), SENDER_KINDS, n=1, cutoff=_NEARLY_A_KIND)
    if near:
        hint = f"did you mean {near[0]!r}?" if kinds else "a cap is of one sender: write its address."
        raise InvalidValue(f"has {name!r}, which is no sender; {hint}", name)
    if not re.fullmatch(_SENDER, name):
        or_kinds = f", or one of {', '.join(SENDER_KINDS)}" if kinds else ""
        raise InvalidValue(
            f"has {name!r}, which is no sender; write an address, as +12025550110{or_kinds}.", name
        )
