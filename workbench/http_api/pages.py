"""Pages of a list: all are of the version of the lake that the first page saw.

Each goes on after the last row of the one before it. A message that comes meanwhile would move its
conversation to the top, and so past a reader who is further down; in one version nothing moves. What is newer
stands in the list that is begun anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from workbench.errors import LakeError
from workbench.http_api.cursors import Cursors
from workbench.http_api.opened import OpenedInstallation, opened_of
from workbench.http_api.problems import ApiProblem
from workbench.lake.connect import Readable

Limit = Annotated[int, Query(ge=1, le=500, description="Rows of a page.")]
"""The parameter of a list, with 50 as its usual default."""
Cursor = Annotated[
    str | None,
    Query(min_length=1, max_length=2000, description="`next_cursor` of the page before; none for the first."),
]


@dataclass(frozen=True)
class OpenPage:
    """One page that is being read."""

    lake: Readable
    """All of it answers from one version."""
    as_of: datetime
    after: list[Any] | None
    """The values of the last row before this page, moments as ISO texts; None on the first page."""
    version: int
    what: str
    asked: Mapping[str, Any]
    cursors: Cursors

    def next_cursor(self, last: list[Any] | None) -> str | None:
        """The cursor after this page.

        Args:
            last: the values of its last row that the list is ordered by; None where nothing follows.
        """
        if last is None:
            return None
        return self.cursors.make(self.what, self.asked, [self.version, self.as_of, last])


class ListPages:
    """Opens the pages of the lists of one installation."""

    def __init__(self, opened: OpenedInstallation) -> None:
        self._opened = opened

    @contextmanager
    def page(self, what: str, asked: Mapping[str, Any], cursor: str | None) -> Iterator[OpenPage]:
        """The page that a cursor names, or the first.

        Args:
            what: which list, as `messages`.
            asked: its filters and its order, but neither cursor nor limit.

        Raises:
            ApiProblem: 400, the cursor is none of ours, or its version is not kept any more.
        """
        cursors = self._opened.cursors
        position = cursors.read(cursor, what, asked)
        if position is None:
            with self._opened.installation.lake.version() as lake:
                version = int(lake.value("FROM ducklake_current_snapshot('lake')"))
                yield OpenPage(lake, datetime.now(UTC), None, version, what, asked, cursors)
            return
        version, as_of, after = position
        try:
            lake_then = self._opened.lake_at(version)
        except LakeError as error:
            raise ApiProblem(
                400,
                "old-cursor",
                "The version of the list that this cursor goes on with is not kept any more (it is for a "
                "day): begin anew, without a cursor.",
            ) from error
        with lake_then.version() as lake:
            yield OpenPage(lake, datetime.fromisoformat(as_of), after, version, what, asked, cursors)


def _pages_of(request: Request) -> ListPages:
    return ListPages(opened_of(request))


Pages = Annotated[ListPages, Depends(_pages_of)]
"""A parameter of every route that lists."""
