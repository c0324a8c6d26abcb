"""Twilio's two forms of pages: relative addresses in 2010 lists, `meta` with absolute ones in newer lists.

A token names the last row of the page before (`PA` and its SID), or the first row of the page after (`PB`) to
go back. So new rows at the top do not shift the pages below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from workbench.simulator.errors import ApiError, bad_value

DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE = 50, 1000
_PAGING = ("PageSize", "Page", "PageToken")


class PageRequest(NamedTuple):
    """The requested page."""

    size: int
    number: int
    token: str | None

    @property
    def backwards(self) -> bool:
        return self.token is not None and self.token.startswith("PB")

    @property
    def sid(self) -> str | None:
        return self.token[2:] if self.token else None


def page_request(query: Mapping[str, str]) -> PageRequest:
    """Read PageSize, Page and PageToken.

    Raises:
        ApiError: 400/20001 if they do not name a page.
    """
    size = _whole_number(query, "PageSize", DEFAULT_PAGE_SIZE)
    number = _whole_number(query, "Page", 0)
    token = query.get("PageToken") or None
    if size < 1:
        raise bad_value("PageSize", size, "It goes from 1 to 1000.")
    if number > 0 and token is None:
        raise ApiError(400, 20001, "Paged requests must include a PageToken; follow next_page_uri instead")
    if token is not None and token[:2] not in ("PA", "PB"):
        raise bad_value("PageToken", token, "Follow next_page_uri instead.")
    return PageRequest(min(size, LARGEST_PAGE_SIZE), number, token)


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None or text == "":
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise bad_value(name, text, "It must be a whole number.")
    return int(text)


class PageUris:
    """The addresses of a page's neighbours, with the filters exactly as they were given."""

    def __init__(self, path: str, query: str, page: PageRequest) -> None:
        given = parse_qsl(query, keep_blank_values=True)
        self._filters = [(name, value) for name, value in given if name not in _PAGING]
        self._path = path
        self._page = page

    def at(self, number: int, token: str | None) -> str:
        fields = [*self._filters, ("PageSize", str(self._page.size)), ("Page", str(number))]
        if token is not None:
            fields.append(("PageToken", token))
        return f"{self._path}?{urlencode(fields, quote_via=quote, safe=':')}"

    def first(self) -> str:
        return self.at(0, None)

    def this(self) -> str:
        return self.at(self._page.number, self._page.token)

    def next(self, last_sid: str | None) -> str | None:
        """None where there are no more rows."""
        return None if last_sid is None else self.at(self._page.number + 1, f"PA{last_sid}")

    def previous(self, first_sid: str | None) -> str | None:
        if first_sid is None or self._page.number == 0:
            return None
        return self.at(self._page.number - 1, f"PB{first_sid}")


def envelope(
    key: str,
    rows: Sequence[Any],
    page: PageRequest,
    uris: PageUris,
    first_sid: str | None,
    last_sid: str | None,
) -> dict[str, Any]:
    """A page of a 2010 list. `last_sid` is None on the last page."""
    start = page.number * page.size
    return {
        key: rows,
        "page": page.number,
        "page_size": page.size,
        "start": start,
        "end": start + max(0, len(rows) - 1),
        "uri": uris.this(),
        "first_page_uri": uris.first(),
        "next_page_uri": uris.next(last_sid),
        "previous_page_uri": uris.previous(first_sid),
    }


def meta_envelope(
    key: str,
    rows: Sequence[Any],
    page: PageRequest,
    uris: PageUris,
    first_sid: str | None,
    last_sid: str | None,
) -> dict[str, Any]:
    """A page of a list of the newer products."""
    return {
        key: rows,
        "meta": {
            "page": page.number,
            "page_size": page.size,
            "first_page_url": uris.first(),
            "previous_page_url": uris.previous(first_sid),
            "next_page_url": uris.next(last_sid),
            "url": uris.this(),
            "key": key,
        },
    }


Identify = Callable[[Mapping[str, Any]], str]


def slice_page(
    rows: Sequence[Mapping[str, Any]], page: PageRequest, identify: Identify
) -> tuple[Sequence[Mapping[str, Any]], str | None, str | None]:
    """One page of a list in memory, with the SIDs for the addresses of the pages before and after it."""
    start = 0
    if page.sid is not None:
        places = [index for index, row in enumerate(rows) if identify(row) == page.sid]
        if not places:
            raise bad_value("PageToken", page.token, "Follow next_page_uri instead.")
        start = max(0, places[0] - page.size) if page.backwards else places[0] + 1
    chosen = rows[start : start + page.size]
    more = start + page.size < len(rows)
    return chosen, identify(chosen[0]) if chosen else None, identify(chosen[-1]) if chosen and more else None
