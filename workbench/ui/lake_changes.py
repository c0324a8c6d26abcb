"""How often an open page draws what changed."""

from __future__ import annotations

import time
from collections.abc import Callable

#: After a drawing of changes a page waits three times as long as the drawing took, at most 20 s. So it takes
#: at most a quarter of a core, and its reader's own clicks are answered in between.
_REST, _LONGEST_REST = 3, 20.0


class RedrawPace:
    """Makes a page wait longer than it drew, however fast the changes come. Each page has its own.

    Args:
        redraw: begins to draw, and calls the function that it gets when the drawing is done.
    """

    def __init__(
        self,
        redraw: Callable[[Callable[[], None]], None],
        later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redraw, self._later, self._clock = redraw, later, clock
        self._is_busy = self._is_wanted = False

    def lake_changed(self) -> None:
        """Draw now; while the page draws or waits, draw once more after the wait."""
        if self._is_busy:
            self._is_wanted = True
            return
        self._is_busy, self._is_wanted = True, False
        began = self._clock()
        self._redraw(lambda: self._drawn(began))

    def _drawn(self, began: float) -> None:
        self._later(min(_REST * (self._clock() - began), _LONGEST_REST), self._rested)

    def _rested(self) -> None:
        self._is_busy = False
        if self._is_wanted:
            self.lake_changed()
