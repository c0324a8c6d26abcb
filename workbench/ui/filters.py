"""What a page is filtered by, and its form in a link.

One param class holds the values; pure functions read them from a query string and write them back. Only
what differs from the defaults is written, so a plain address is the plain page. A value that is not
allowed is named and ignored, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qs, urlencode
from zoneinfo import available_timezones

import param

from workbench.display.formats import is_missing
from workbench.display.periods import (
    CALENDAR_PRESETS,
    DEFAULT_PRESET,
    PRESETS,
    Period,
    custom_period,
    preset_period,
    read_day,
)
from workbench.errors import UsageError
from workbench.messaging.addresses import mask
from workbench.metrics.campaigns import KINDS
from workbench.ui.explore_state import CHARTS, EXPLORE_DEFAULTS, TIME_GRAINS, read_explore_state, read_name
from workbench.ui.row_list_state import ROW_LIST_DEFAULTS, is_kept_out_of_links, read_row_list_state

DIRECTIONS: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "outbound": ("outbound-api", "outbound-call", "outbound-reply"),
    "inbound": ("inbound",),
    # A link may name one way of sending.
    "outbound-api": ("outbound-api",),
    "outbound-call": ("outbound-call",),
    "outbound-reply": ("outbound-reply",),
}
#: What a period may be compared with.
COMPARISONS = ("previous", "year", "none")
NONE_TOKEN = "none"

T = TypeVar("T")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


#: Filters of every page that hold one value, and what they may be.
_SINGLE: Mapping[str, Callable[[], Collection[str]]] = {
    "period": lambda: [*PRESETS, *CALENDAR_PRESETS, "custom"],
    "direction": lambda: list(DIRECTIONS),
    "timezone": _zones,
    "compare": lambda: COMPARISONS,
}
FILTER_DEFAULTS: Mapping[str, Any] = {
    "period": "30d", "since": None, "until": None, "compare": "previous", "direction": "outbound",
}  # fmt: skip
"""What a plain address shows."""

_NOT_FILTERS = ("since", "until", "theme")


@dataclass(frozen=True)
class Field:
    """One dimension that people filter by: any number of its values, those that the lake holds.

    ``is_common`` ones stand open in the drawer; the others are behind “More filters”. ``of_rows`` ones are
    for the list of messages only: what a number on another page counts may be of one hour or one currency.
    """

    name: str
    label: str
    dimension: str
    kind: Literal["text", "address", "country", "code"] = "text"
    is_common: bool = False
    of_rows: bool = False


FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("country", "Country", "country", "country", is_common=True),
        Field("sender", "Sender", "sender", "address", is_common=True),
        Field("messaging_service", "Messaging service", "messaging_service", is_common=True),
        Field("template", "Text", "template"),
        Field("batch", "Batch", "batch"),
        Field("outcome", "Outcome", "outcome", is_common=True),
        Field("error_code", "Error code", "error_code", "code"),
        Field("status", "Status", "status"),
        Field("sender_type", "Sender type", "sender_type"),
        Field("account", "Account", "account"),
        Field("encoding", "Encoding", "encoding"),
        Field("currency", "Currency", "currency", of_rows=True),
        Field("message_type", "Message type", "message_type", of_rows=True),
        Field("segment_count", "Segments", "segment_count", of_rows=True),
        Field("hour", "Hour of day", "hour", of_rows=True),
    )
}


@dataclass(frozen=True)
class Option:
    """A value to choose: ``token`` stands for it in links, ``label`` on screen.

    The token of an older link (``former``) is read as well: there our own numbers were masked.
    """

    value: str | None
    token: str
    messages: int = 0
    label: str = ""
    former: str = ""

    @property
    def shown(self) -> str:
        return self.label or self.token


class Filters(param.Parameterized):  # type: ignore[misc]
    """The filters of one open page. ``until`` is not included; None means up to now."""

    period = param.Selector(default=DEFAULT_PRESET, objects=[*PRESETS, *CALENDAR_PRESETS, "custom"])
    since = param.CalendarDate(default=None, allow_None=True)
    until = param.CalendarDate(default=None, allow_None=True)
    timezone = param.String(default="UTC")
    compare = param.Selector(default="previous", objects=list(COMPARISONS))
    direction = param.Selector(default="outbound", objects=list(DIRECTIONS))
    country = param.List(default=[], item_type=str)
    sender = param.List(default=[], item_type=str)
    sender_type = param.List(default=[], item_type=str)
    messaging_service = param.List(default=[], item_type=str)
    template = param.List(default=[], item_type=str)
    batch = param.List(default=[], item_type=str)
    status = param.List(default=[], item_type=str)
    outcome = param.List(default=[], item_type=str)
    error_code = param.List(default=[], item_type=str)
    account = param.List(default=[], item_type=str)
    encoding = param.List(default=[], item_type=str)
    currency = param.List(default=[], item_type=str)
    message_type = param.List(default=[], item_type=str)
    segment_count = param.List(default=[], item_type=str)
    hour = param.List(default=[], item_type=str)
    # The state of the list, on pages of rows.
    q = param.String(default=ROW_LIST_DEFAULTS["q"])
    counted = param.String(default=ROW_LIST_DEFAULTS["counted"])
    sort = param.String(default=ROW_LIST_DEFAULTS["sort"])
    page = param.Integer(default=ROW_LIST_DEFAULTS["page"])
    message = param.String(default=ROW_LIST_DEFAULTS["message"])
    back = param.String(default=ROW_LIST_DEFAULTS["back"])
    # The question of the page Explore.
    metric = param.List(default=EXPLORE_DEFAULTS["metric"], item_type=str)
    by = param.List(default=EXPLORE_DEFAULTS["by"], item_type=str)
    grain = param.Selector(default=EXPLORE_DEFAULTS["grain"], objects=list(TIME_GRAINS))
    chart = param.Selector(default=EXPLORE_DEFAULTS["chart"], objects=list(CHARTS))
    top = param.Integer(default=EXPLORE_DEFAULTS["top"])
    order = param.String(default=EXPLORE_DEFAULTS["order"])
    share = param.String(default=EXPLORE_DEFAULTS["share"])
    split = param.String(default=EXPLORE_DEFAULTS["split"])
    view = param.String(default=EXPLORE_DEFAULTS["view"])
    # Which of My pages is open, and what the page Campaigns ranks.
    board = param.String(default="")
    kind = param.Selector(default=KINDS[0], objects=list(KINDS))

    def at(self, now: datetime) -> Period:
        """The period that these filters mean at this moment."""
        if self.period == "custom" and self.since:
            return custom_period(self.since, self.until, now, self.timezone)
        return preset_period(DEFAULT_PRESET if self.period == "custom" else self.period, now, self.timezone)

    def where(self, options: Mapping[str, Sequence[Option]]) -> dict[str, list[str | None]]:
        """The chosen values by dimension, ready for a metric."""
        chosen: dict[str, list[str | None]] = {}
        for name, field in FIELDS.items():
            values = {option.token: option.value for option in options.get(name, ())}
            tokens = getattr(self, name)
            if tokens:
                chosen[field.dimension] = [values[token] for token in tokens if token in values]
        if DIRECTIONS[self.direction]:
            chosen["direction"] = list(DIRECTIONS[self.direction])
        return chosen


def option_value(value: object) -> str | None:
    """A value of a frame as an option has it: text, and None for what is empty."""
    if is_missing(value):
        return None
    # A column of whole numbers with gaps arrives as floats: 30007.0 is the code 30007.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def build_options(
    kind: str,
    values: Mapping[str | None, int],
    labels: Mapping[str, str] | None = None,
    *,
    is_masked: bool = False,
) -> tuple[Option, ...]:
    """Options of a field from its values and how many messages have each; the busiest first.

    Args:
        labels: value → how people know it.
        is_masked: tokens of addresses are masked. Where two masks are equal, each gets a number, by the order
            of the full addresses.
    """
    masks = _numbered_masks(values) if kind == "address" else {}
    tokens = {value: NONE_TOKEN if value is None else value for value in values}
    if is_masked:
        tokens |= masks
    ranked = sorted(values, key=lambda value: (-values[value], tokens[value]))
    labels = labels or {}
    return tuple(
        Option(value, tokens[value], values[value], labels.get(value or "", ""), masks.get(value, ""))
        for value in ranked
    )


def _numbered_masks(values: Collection[str | None]) -> dict[str | None, str]:
    shown: dict[str | None, str] = {}
    for value in sorted(filter(None, values)):
        text = mask(value)
        taken = [token for token in shown.values() if token == text or token.startswith(f"{text} (")]
        shown[value] = f"{text} ({len(taken) + 1})" if taken else text
    return shown


@dataclass(frozen=True)
class Parsed:
    """Filter values found in a link, and one sentence for each that was ignored."""

    values: dict[str, Any]
    problems: tuple[str, ...] = ()


def parse_query(
    query: str | Mapping[str, Sequence[str]],
    names: Sequence[str],
    options: Mapping[str, Sequence[Option]],
    defaults: Mapping[str, Any],
) -> Parsed:
    """Read filter values from a query string.

    Args:
        query: ``?period=7d&sender=…`` or the same already parsed.
        names: fields that this page offers besides period, time zone and direction.
        options: what each of those may be.
        defaults: this page's values where the link says nothing; all of them are in the answer.
    """
    given = parse_qs(query.lstrip("?"), keep_blank_values=True) if isinstance(query, str) else query
    values, problems = dict(defaults), _Problems()
    for name, texts in given.items():
        wanted = [text for text in dict.fromkeys(texts) if text]
        if name in _SINGLE and wanted:
            values[name] = problems.try_(_allowed, name, wanted[-1], _SINGLE[name]()) or values[name]
        elif name in FIELDS and name in names:
            former = {option.former: option.token for option in options.get(name, ()) if option.former}
            tokens = [option.token for option in options.get(name, ())]
            wanted = [text if text in tokens else former.get(text, text) for text in wanted]
            values[name] = [
                text for text in wanted if problems.try_(_allowed, FIELDS[name].label, text, tokens)
            ]
        elif name in ROW_LIST_DEFAULTS and name in defaults:
            if wanted:
                value = problems.try_(read_row_list_state, name, wanted[-1])
                values[name] = defaults[name] if value is None else value
        elif name == "board":
            if name in defaults and wanted:
                values[name] = problems.try_(read_name, wanted[-1]) or ""
        elif name == "kind":
            if name in defaults and wanted:
                values[name] = problems.try_(_allowed, name, wanted[-1], KINDS) or values[name]
        elif name in EXPLORE_DEFAULTS:
            # Links between pages carry the whole address; only Explore has these.
            if name in defaults and wanted:
                values[name], refused = read_explore_state(name, wanted)
                problems.extend(refused)
        elif name not in (*_SINGLE, *names, *_NOT_FILTERS):
            problems.append(_unknown_filter(name, names))
    values.update(problems.try_(_parse_days, given) or {})
    return Parsed({name: value for name, value in values.items() if name in defaults}, tuple(problems))


class _Problems(list[str]):
    def try_(self, check: Callable[..., T], *arguments: Any) -> T | None:
        """What ``check`` returns, or None and a note of why it refused."""
        try:
            return check(*arguments)
        except ValueError as problem:
            self.append(str(problem))
            return None


def _unknown_filter(name: str, names: Sequence[str]) -> str:
    if name in FIELDS:
        return f"{FIELDS[name].label} is not a filter of this page."
    return f"“{_short(name)}” is no filter; known are {', '.join([*_SINGLE, 'since', 'until', *names])}."


def _allowed(label: str, text: str, allowed: Collection[str]) -> str:
    if text in allowed:
        return text
    few = f"; allowed are {', '.join(allowed)}" if 0 < len(allowed) <= 12 else ""
    where = "" if few or label == "timezone" else "; nothing in this lake has it"
    raise ValueError(f"{label.capitalize()} “{_short(text)}” is not known{few}{where}.")


def _parse_days(given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    days = {name: _parse_day(name, given[name]) for name in ("since", "until") if any(given.get(name, ()))}
    if not days:
        return {}
    since, until = days.get("since"), days.get("until")
    if since is None:
        raise ValueError("Until without since says no period; add since, such as since=2026-09-01.")
    if until is not None and until <= since:
        raise ValueError(f"Since {since} must be before until {until}, which is not included itself.")
    return {"period": "custom", "since": since, "until": until}


def _parse_day(name: str, texts: Sequence[str]) -> date:
    try:
        day = read_day(texts[-1], name)
    except UsageError:
        raise ValueError(
            f"{name.capitalize()} “{_short(texts[-1])}” is no date; write it as 2026-09-01."
        ) from None
    if not 2000 <= day.year <= 2100:
        raise ValueError(f"{name.capitalize()} “{day}” is out of reach; years from 2000 to 2100 are.")
    return day


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def to_query(values: Mapping[str, Any], defaults: Mapping[str, Any], *, is_link: bool = True) -> str:
    """The query string of these values, without those that are the default; empty or with its ``?``.

    A link that people pass on (``is_link``) leaves out a phone number that was searched.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if name in ("since", "until") or value == defaults.get(name):
            continue
        if is_link and is_kept_out_of_links(name, value):
            continue
        if name == "period" and value == "custom":
            pairs += [(day, values[day].isoformat()) for day in ("since", "until") if values.get(day)]
        elif isinstance(value, list):
            pairs += [(name, token) for token in value]
        else:
            pairs.append((name, str(value)))
    return "?" + urlencode(pairs) if pairs else ""
