"""What a saved view is, and its form as a file: one that people read, change and keep in git. Pure.

    title = "Undelivered by country and week"
    owner = "ana"
    shared = true
    folder = "Delivery"

    [values]
    metric = ["undelivered_rate"]
    by = ["country"]
    grain = ["week"]
    period = ["90d"]

`values` are those of the page's address, under the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo, available_timezones

from workbench.errors import ConfigError, UsageError
from workbench.roles import Actor
from workbench.views.toml_text import quoted, read_toml_text

PAGE = "explore"
"""The page that shows views."""

LONGEST_TITLE, LONGEST_VALUES = 100, 4_000
_HEAD = "# A saved view of the page Explore. `workbench views` lists and changes them; so can you, here.\n"
_KNOWN = ("title", "owner", "shared", "folder", "values")


@dataclass(frozen=True)
class SavedView:
    """A question of the page Explore. `name` is the file's; `values` are those of the address.

    One that is not shared is its owner's alone.
    """

    name: str
    title: str
    owner: str
    values: Mapping[str, tuple[str, ...]]
    shared: bool = False
    folder: str = ""

    @property
    def query(self) -> str:
        """The page's address from `?` on."""
        pairs = [(name, value) for name, values in self.values.items() for value in values]
        return "?" + urlencode([*pairs, ("view", self.name)])

    def day_at(self, now: datetime, timezone: str) -> date:
        """The day in the view's own time zone; in ``timezone`` where it has none."""
        chosen = "".join(self.values.get("timezone", ())[-1:])
        return now.astimezone(ZoneInfo(chosen if chosen in available_timezones() else timezone)).date()

    def is_visible_to(self, person: Actor) -> bool:
        """Whether the person may see it; who is at this machine can read the file anyway."""
        return self.shared or person.is_local or (bool(person.name) and self.owner == person.name)

    def may_be_changed_by(self, person: Actor) -> bool:
        """Whether the person may change it: its owner, and of what they may see an admin."""
        return self.is_visible_to(person) and (self.owner == person.name or person.may("admin"))


def read_link(link: str) -> dict[str, tuple[str, ...]]:
    """The values of an address of Explore, or of its part from `?` on.

    Raises:
        UsageError: it is the address of another page, or far too long.
    """
    page, mark, query = link.strip().partition("?")
    if mark and page.rstrip("/").rpartition("/")[2] not in ("", PAGE):
        raise UsageError(
            f"{link[:80]!r} is no address of Explore; copy one as explore?metric=messages&by=country."
        )
    query = query if mark else page
    if len(query) > LONGEST_VALUES:
        raise UsageError(
            f"The address has {len(query):,} characters; a view has at most {LONGEST_VALUES:,}: choose fewer."
        )
    values = parse_qs(query)
    if query and not values:
        raise UsageError(
            f"{link[:80]!r} has no values; copy an address as explore?metric=messages&by=country."
        )
    return {name: tuple(texts) for name, texts in values.items() if name not in ("view", "theme")}


def checked_text(text: str, what: str, *, longest: int = LONGEST_TITLE, may_be_empty: bool = False) -> str:
    """A title or folder that a person typed, on one line.

    Raises:
        UsageError: it is empty, too long, or has characters that cannot be shown.
    """
    text = " ".join(text.split())
    if not text and not may_be_empty:
        raise UsageError(f"The {what} is empty; write a few words.")
    if len(text) > longest:
        raise UsageError(f"The {what} has {len(text):,} characters; write at most {longest}.")
    if not text.isprintable():
        raise UsageError(f"The {what} {text!r} has characters that cannot be shown; write it without them.")
    return text


def name_of_title(title: str, taken: Iterable[str]) -> str:
    """A name for a file that is not taken: `Undelivered, by week` is `undelivered-by-week`."""
    known = set(taken)
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    base = (words if words[:1].isalpha() else f"view-{words}").strip("-")[:50].rstrip("-")
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in known:
        number += 1
    return name


def view_text(view: SavedView) -> str:
    """The view as the text of its file."""
    lines = [
        f"title = {quoted(view.title)}", f"owner = {quoted(view.owner)}",
        f"shared = {str(view.shared).lower()}", f"folder = {quoted(view.folder)}", "", "[values]",
        *(f"{_key(name)} = [{', '.join(map(quoted, texts))}]" for name, texts in view.values.items()),
    ]  # fmt: skip
    return _HEAD + "\n".join(lines) + "\n"


def read_view_text(name: str, text: str, shown: str) -> SavedView:
    """The view in the text of a file.

    Args:
        shown: what an error calls the file.

    Raises:
        ConfigError: it is no view; says what is wrong and where.
    """
    entries = read_toml_text(text, shown)
    unknown = [key for key in entries if key not in _KNOWN]
    if unknown:
        raise ConfigError(f"{shown} has {unknown[0]!r}; known are {', '.join(_KNOWN)}.")
    values = _typed(entries, "values", dict, shown, {})
    for key, texts in values.items():
        if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
            raise ConfigError(f'{shown}: {key} is {texts!r}; write a list of texts, as {key} = ["week"].')
    try:
        title = checked_text(_typed(entries, "title", str, shown), "title")
        folder = checked_text(_typed(entries, "folder", str, shown, ""), "folder", may_be_empty=True)
    except UsageError as error:
        raise ConfigError(f"{shown}: {error}") from error
    owner, shared = _typed(entries, "owner", str, shown), _typed(entries, "shared", bool, shown, False)
    return SavedView(name, title, owner, {key: tuple(texts) for key, texts in values.items()}, shared, folder)


def _typed(entries: Mapping[str, Any], key: str, kind: type, shown: str, default: Any = None) -> Any:
    value = entries.get(key, default)
    if not isinstance(value, kind):
        words = {str: 'a text, as "ana"', bool: "true or false", dict: "a section [values]"}[kind]
        raise ConfigError(f"{shown}: {key} is {value!r}; it must be {words}.")
    return value


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quoted(name)
