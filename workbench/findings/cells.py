"""Messages counted by everything that may explain why they fail, at once: some thousand cells for a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.display.formats import is_missing
from workbench.display.periods import Period
from workbench.findings.reader import FindingReader
from workbench.metrics.anomalies import BASELINE_DAYS

DIMENSIONS = ("sender", "country", "messaging_service", "account", "sender_type", "message_type")
"""What messages are told apart by, the most telling first: of two that say the same the first is named."""
_FINAL = ("delivered", "undelivered", "failed", "unknown")
NOT_ARRIVED = ("undelivered", "failed")

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """Final outbound messages, one place for each combination of values.

    `values` are those of each dimension and of `error_code`, `places` says which one a cell has (-1: none).
    `day` counts from `first`; `sizes` are messages, `hits` those of them that did not arrive.
    """

    first: date
    days: int
    values: Mapping[str, list[Any]]
    places: Mapping[str, Places]
    day: Places
    sizes: Numbers
    hits: Numbers

    def __len__(self) -> int:
        return len(self.sizes)

    def without(self, matching: Mask, *, hits_only: bool) -> Cells:
        """The cells without those of an explained problem: their failures alone, or all of their messages."""
        kept = ~matching
        sizes = np.where(kept, self.sizes, self.sizes - self.hits if hits_only else 0.0)
        return replace(self, sizes=sizes, hits=np.where(kept, self.hits, 0.0))


def read_cells(reader: FindingReader, bad: tuple[str, ...] = NOT_ARRIVED) -> Cells:
    """The cells of the period and of the time before it that it is measured by.

    Args:
        bad: the outcomes that are counted as hits.
    """
    period, previous = reader.period, reader.previous
    since = period.since - timedelta(days=BASELINE_DAYS)
    since = max(
        min(since, previous.period.since) if previous else since, min(reader.known_since, period.since)
    )
    whole = reader.over(Period(since, period.until, period.timezone))
    frame = whole.metric("messages", by=("day", *DIMENSIONS, "error_code", "outcome")).frame
    frame = frame[frame["outcome"].isin(_FINAL)]
    return make_cells(frame, since, (period.until - since).days, bad)


def make_cells(frame: pd.DataFrame, first: date, days: int, bad: tuple[str, ...]) -> Cells:
    """The cells of a frame with the messages of each combination."""
    names = (*DIMENSIONS, "error_code")
    factored = {name: pd.factorize(frame[name].astype(object)) for name in names}
    day: Places = np.asarray((pd.to_datetime(frame["day"]) - pd.Timestamp(first)).dt.days, np.int64)
    sizes = frame["messages"].to_numpy(np.float64)
    hits = np.where(frame["outcome"].isin(bad), sizes, 0.0)
    values = {name: [_plain(value) for value in uniques] for name, (_, uniques) in factored.items()}
    places = {name: codes.astype(np.int64) for name, (codes, _) in factored.items()}
    return Cells(first, days, values, places, day, sizes, hits)


def _plain(value: Any) -> Any:
    if is_missing(value):
        return None
    return int(value) if isinstance(value, float) else value
