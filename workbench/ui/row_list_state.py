"""The state of a list of rows: search, order, page, opened message. It is in the link, like the filters.

Each value has a default, which a link leaves out, and a check whose error says what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from workbench.metrics import METRICS
from workbench.metrics.counted_rows import counted_rows_sql
from workbench.metrics.rows import DEFAULT_SORT, SORTS, is_number_like

ROW_LIST_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {"q": "", "counted": "", "sort": DEFAULT_SORT, "page": 1, "message": "", "back": ""}
)
"""What a page of rows adds to its filters. ``counted`` leaves only the messages that a metric counts;
``back`` names the page that the reader came from."""

#: What goes back to its default when a filter changes: page 7 of other rows is another page.
RESET_BY_FILTERS = ("page", "message")

_MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_PAGE_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_LONGEST_SEARCH = 200


def read_row_list_state(name: str, text: str) -> Any:
    """The value of one part of the state, as a link has it.

    Raises:
        ValueError: it is not possible; the message says why.
    """
    return _CHECKS[name](text)


def is_kept_out_of_links(name: str, value: Any) -> bool:
    """A searched phone number is a person's: it stays on the page that was asked."""
    return name == "q" and is_number_like(str(value))


def _search(text: str) -> str:
    if len(text) > _LONGEST_SEARCH:
        raise ValueError(f"A search has at most {_LONGEST_SEARCH} characters; this one has {len(text):,}.")
    return text


def _metric(text: str) -> str:
    if text in METRICS and counted_rows_sql(METRICS[text]) is not None:
        return text
    raise ValueError(f"Metric “{text[:40]}” is not known, or counts no messages.")


def _sort(text: str) -> str:
    if text.removeprefix("-") in SORTS:
        return text
    raise ValueError(f"Sort “{text[:40]}” is not known; allowed are {', '.join(SORTS)}, each also with “-”.")


def _page(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:12]) < 10_000_000:
        return int(text)
    raise ValueError(f"Page “{text[:40]}” is no page; they are counted from 1.")


def _message(text: str) -> str:
    if _MESSAGE_SID.fullmatch(text):
        return text
    raise ValueError(f"Message “{text[:40]}” is no message SID; one is SM or MM and 32 hexadecimal digits.")


def _back(text: str) -> str:
    if _PAGE_NAME.fullmatch(text):
        return text
    raise ValueError(f"Back “{text[:40]}” is no page.")


_CHECKS: Mapping[str, Callable[[str], Any]] = {
    "q": _search, "counted": _metric, "sort": _sort, "page": _page, "message": _message, "back": _back,
}  # fmt: skip
