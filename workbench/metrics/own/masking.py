"""How the addresses of people show in results: masked, and one label for each of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from workbench.messaging.addresses import mask

_labels: dict[str, str] = {}
_taken: dict[str, int] = {}
_lock = threading.Lock()


def masked_labels(values: Sequence[str | None]) -> list[str | None]:
    """A label for each address; the second person with the same mask is `+1202***0110 (2)`.

    Within a process an address keeps its label, so that columns of several questions belong together.
    """
    with _lock:
        _know(value for value in values if isinstance(value, str))
        return [_labels[value] if isinstance(value, str) else None for value in values]


def _know(values: Iterable[str]) -> None:
    for value in sorted(set(values) - _labels.keys()):
        shown = mask(value)
        _taken[shown] = number = _taken.get(shown, 0) + 1
        _labels[value] = shown if number == 1 else f"{shown} ({number})"
