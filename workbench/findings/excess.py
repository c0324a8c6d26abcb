"""Which messages fail more than they should: always, since a day, or on some days. Pure.

Every value of every dimension and every error code is looked at over windows of days, against the days
before; and over the whole period against the other values. A window counts if its failures are more than
chance, by the scatter of the days before too. The most surprising one is taken, its messages are left out,
and the rest is looked at again, so that each problem is told once, by what describes it best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from workbench.findings.cells import DIMENSIONS, Cells, Mask, Numbers, Places
from workbench.metrics.anomalies import BASELINE_DAYS, FEWEST_BASELINE_DAYS

DEVIATIONS = 5.0
"""Thousands of windows are looked at, so chance must be very unlikely in each."""
FEWEST_HITS = 10
FEWEST_MESSAGES = 30
_FEWEST_OTHERS = 100
_TIMES = 2.0
_LEVEL_TIMES = 2.5
"""Countries and senders differ without anything being wrong."""
_POINTS = 0.02
_PRIOR = 100
_MOST_DAYS = 0.7
_NEARLY_ALL = 0.8
_LENGTHS = (1, 2, 3, 5, 7, 14)
_MOST = 12


@dataclass(frozen=True)
class Excess:
    """Failures beyond what is expected of them.

    `dimension` and `place` say whose (None: of all messages), `code` with which error code (None: any). The
    window is from day `start` to before day `end`, as cells count days. `usual` is the expected share.
    """

    kind: Literal["level", "window", "avoidable"]
    dimension: str | None
    place: int
    code: int | None
    start: int
    end: int
    hits: float
    size: float
    usual: float
    surprise: float

    @property
    def more(self) -> float:
        """How many failures are beyond the expected ones."""
        return self.hits - self.size * self.usual


@dataclass(frozen=True)
class _Row:
    """The messages and failures by day of one value, or of one error code."""

    dimension: str | None
    place: int
    code: int | None
    hits: Numbers
    sizes: Numbers


def find_excesses(cells: Cells, since: int, known: int, avoidable: Mapping[int, float]) -> list[Excess]:
    """Every problem, the most surprising first.

    Args:
        since: the period's first day; the days before it are what is usual.
        known: the first day of which everything is known.
        avoidable: error codes that whoever sends can prevent, with the share from which they matter.
    """
    excesses: list[Excess] = []
    while len(excesses) < _MOST:
        candidates = list(_candidates(cells, since, known, avoidable))
        if not candidates:
            return excesses
        best = _dated(max(candidates, key=_surprise_in), candidates)
        excesses.append(best)
        cells = cells.without(matching(cells, best), hits_only=best.code is not None)
    return excesses


def _surprise_in(excess: Excess) -> float:
    return excess.surprise


def _dated(best: Excess, candidates: Sequence[Excess]) -> Excess:
    """A level as the window that nearly all of it lies in, if it began within the period."""
    if best.kind != "level":
        return best
    windows = [
        each
        for each in candidates
        if (each.kind, each.dimension, each.place) == ("window", best.dimension, best.place)
        and each.hits >= _NEARLY_ALL * best.hits
    ]
    return max(windows, key=_surprise_in, default=best)


def matching(cells: Cells, excess: Excess) -> Mask:
    """The cells that an excess is about."""
    mask = (cells.day >= excess.start) & (cells.day < excess.end)
    if excess.dimension is not None:
        mask &= cells.places[excess.dimension] == excess.place
    if excess.code is not None:
        mask &= cells.places["error_code"] == excess.code
    return mask


def _candidates(cells: Cells, since: int, known: int, avoidable: Mapping[int, float]) -> Iterator[Excess]:
    for row in _rows(cells):
        yield from _windows(row, since, known)
        if row.code is not None and row.code in avoidable:
            yield from _prevented(row, since, cells.days, avoidable[row.code])
    for dimension in DIMENSIONS:
        yield from _levels(cells, dimension, since)


def _rows(cells: Cells) -> Iterator[_Row]:
    """All messages together, and by each error code and each value of a dimension."""
    everything = np.bincount(cells.day, cells.sizes, cells.days).astype(np.float64)
    hits_by_day = np.bincount(cells.day, cells.hits, cells.days).astype(np.float64)
    yield _Row(None, -1, None, hits_by_day, everything)
    for code, hits in enumerate(_by_day(cells, "error_code", cells.hits)):
        yield _Row(None, -1, code, hits, everything)
    for dimension in DIMENSIONS:
        rows = zip(_by_day(cells, dimension, cells.hits), _by_day(cells, dimension, cells.sizes), strict=True)
        for place, (hits, sizes) in enumerate(rows):
            yield _Row(dimension, place, None, hits, sizes)


def _by_day(cells: Cells, dimension: str, weights: Numbers) -> Numbers:
    """One row for each value: the sum of its weights on each day."""
    number = len(cells.values[dimension])
    places = cells.places[dimension]
    has_value = places >= 0
    index = places[has_value] * cells.days + cells.day[has_value]
    sums = np.bincount(index, weights[has_value], number * cells.days)
    return sums.reshape(number, cells.days).astype(np.float64)


def _windows(row: _Row, since: int, known: int) -> Iterator[Excess]:
    """Days of the period on which more fails than on the two weeks before them."""
    days = len(row.hits)
    if row.hits[since:].sum() < FEWEST_HITS:
        return
    hits, sizes = np.concatenate([[0.0], row.hits.cumsum()]), np.concatenate([[0.0], row.sizes.cumsum()])
    starts, ends = _spans(since, days)
    yield from _judged(row, hits, sizes, starts, ends, max(known, 0))


@cache
def _spans(since: int, days: int) -> tuple[Places, Places]:
    """Starts and ends of all windows, short ones first: of each length, and from each day to the end."""
    spans = {
        (start, end)
        for start in range(since, days)
        for end in (*(start + length for length in _LENGTHS), days)
        if end <= days
    }
    starts, ends = zip(*sorted(spans, key=lambda span: (span[1] - span[0], span)), strict=True)
    return np.array(starts, np.int64), np.array(ends, np.int64)


def _judged(
    row: _Row, hits: Numbers, sizes: Numbers, starts: Places, ends: Places, first: int
) -> Iterator[Excess]:
    """The windows whose failures are more than chance and twice what is usual."""
    begins = np.maximum(starts - BASELINE_DAYS, first)
    has_baseline = starts - begins >= FEWEST_BASELINE_DAYS
    starts, ends, begins = starts[has_baseline], ends[has_baseline], begins[has_baseline]
    if not len(starts):
        return
    window_hits, window_sizes = hits[ends] - hits[starts], sizes[ends] - sizes[starts]
    usual_hits, usual_sizes = hits[starts] - hits[begins], sizes[starts] - sizes[begins]
    usual = np.where(usual_sizes > 0, usual_hits / np.maximum(usual_sizes, 1), np.nan)
    # A few messages without a failure are no proof that there never is any: the row's own share counts, too.
    prior = _PRIOR if row.code is None else 0
    overall = float(row.hits.sum() / max(row.sizes.sum(), 1))
    floor = (usual_hits + 0.5 + prior * overall) / (usual_sizes + 1 + prior)
    surprise = _surprise(window_hits, window_sizes, np.maximum(floor, 1e-6))
    is_enough = (
        (usual_sizes >= FEWEST_MESSAGES)
        & (window_sizes >= (FEWEST_MESSAGES if row.code is None else FEWEST_HITS))
        & (window_hits - window_sizes * floor >= FEWEST_HITS)
        & (window_hits >= _TIMES * usual * window_sizes)
        & (window_hits - window_sizes * usual >= np.where(row.code is None, _POINTS * window_sizes, 0))
    )
    for at in np.flatnonzero(is_enough & (surprise >= DEVIATIONS)):
        if not _is_throughout(row, int(starts[at]), int(ends[at]), float(floor[at])):
            continue
        scatter = _scatter(row, int(begins[at]), int(starts[at]), float(floor[at]))
        judged = float(surprise[at]) / math.sqrt(scatter)
        if judged >= DEVIATIONS:
            yield Excess(
                "window", row.dimension, row.place, row.code, int(starts[at]), int(ends[at]),
                float(window_hits[at]), float(window_sizes[at]), float(usual[at]), judged,
            )  # fmt: skip


def _is_throughout(row: _Row, start: int, end: int, share: float) -> bool:
    """Whether more fails on the window's first and last day and on most between, so that it is one event."""
    is_more = row.hits[start:end] > np.maximum(1.5 * share * row.sizes[start:end], 0.5)
    is_sent = row.sizes[start:end] > 0
    return bool(is_more[0] and is_more[-1] and is_more[is_sent].mean() >= _MOST_DAYS)


def _scatter(row: _Row, first: int, last: int, share: float) -> float:
    """How much more the days before differ than chance, at least 1; the wildest day is left out."""
    sizes, hits = row.sizes[first:last], row.hits[first:last]
    expected = sizes * share
    has_messages = expected > 0
    squares = (hits - expected)[has_messages] ** 2 / (expected * (1 - share))[has_messages]
    if len(squares) < FEWEST_BASELINE_DAYS:
        return 1.0
    return max(float((squares.sum() - squares.max()) / (len(squares) - 2)), 1.0)


def _levels(cells: Cells, dimension: str, since: int) -> Iterator[Excess]:
    """Values that fail at least twice as much as the others of their kind over the whole period."""
    is_now, number = cells.day >= since, len(cells.values[dimension])
    places = np.where(is_now, cells.places[dimension], -1)
    has_value = places >= 0
    if not has_value.any():
        return
    sizes = np.bincount(places[has_value], cells.sizes[has_value], number)
    hits = np.bincount(places[has_value], cells.hits[has_value], number)
    for place in np.flatnonzero((sizes >= FEWEST_MESSAGES) & (hits >= FEWEST_HITS)):
        other_size, other_hits = _others(cells, dimension, int(place), has_value)
        if other_size < max(_FEWEST_OTHERS, sizes[place]):
            continue  # Most of the messages are no exception.
        hit, size = float(hits[place]), float(sizes[place])
        surprise = surprise_of(hit, size, other_hits, other_size)
        if surprise:
            usual = other_hits / other_size
            yield Excess("level", dimension, int(place), None, since, cells.days, hit, size, usual, surprise)


def surprise_of(hits: float, size: float, other_hits: float, other_size: float) -> float:
    """How surprising a level of failures is beside that of the others; 0 where it is not worth a sentence."""
    usual, floor = other_hits / other_size, (other_hits + 0.5) / (other_size + 1)
    surprise = float(_surprise(np.array([hits]), np.array([size]), np.array([floor]))[0])
    is_far = hits >= _LEVEL_TIMES * usual * size and hits - usual * size >= max(_POINTS * size, FEWEST_HITS)
    return surprise if is_far and surprise >= DEVIATIONS else 0.0


def _others(cells: Cells, dimension: str, place: int, has_value: Mask) -> tuple[float, float]:
    """Messages and failures of the others: of a sender those of its kind, where they have enough."""
    is_own = cells.places[dimension] == place
    others = has_value & ~is_own
    if dimension == "sender" and len(cells.places["sender_type"][has_value & is_own]):
        kind = cells.places["sender_type"][has_value & is_own][0]
        same = others & (cells.places["sender_type"] == kind)
        if cells.sizes[same].sum() >= _FEWEST_OTHERS:
            others = same
    return float(cells.sizes[others].sum()), float(cells.hits[others].sum())


def _prevented(row: _Row, since: int, days: int, share: float) -> Iterator[Excess]:
    """A code that the owner can prevent, if it is more than a few messages."""
    hits, size = float(row.hits[since:].sum()), float(row.sizes[since:].sum())
    if hits >= max(FEWEST_HITS, share * size):
        surprise = float(_surprise(np.array([hits]), np.array([size]), np.array([share / 2]))[0])
        if surprise >= DEVIATIONS:
            yield Excess("avoidable", None, -1, row.code, since, days, hits, size, 0.0, surprise)


def _surprise(hits: Numbers, sizes: Numbers, share: Numbers) -> Numbers:
    """How many standard deviations as many failures are, by the likelihood of this many against the share."""
    sizes = np.maximum(sizes, 1.0)
    rate = np.clip(hits / sizes, 1e-9, 1 - 1e-9)
    share = np.clip(share, 1e-9, 1 - 1e-9)
    doubled = 2 * sizes * (rate * np.log(rate / share) + (1 - rate) * np.log((1 - rate) / (1 - share)))
    return np.where(rate > share, np.sqrt(np.maximum(doubled, 0.0)), 0.0)
