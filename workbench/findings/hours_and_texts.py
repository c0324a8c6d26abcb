"""Hours of the day and texts whose messages fail more than the others', beyond what is told already."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.findings.cells import NOT_ARRIVED
from workbench.findings.excess import FEWEST_HITS, FEWEST_MESSAGES, surprise_of
from workbench.findings.finding import Finding
from workbench.findings.reader import FindingReader

_CARRIES = 0.5
_FEWEST_OTHERS = 100
_LONGEST_SHOWN = 80


def hours(reader: FindingReader, told: Collection[int]) -> Iterator[Finding]:
    """Hours in which more fails than in the others.

    Args:
        told: error codes of problems that were told; their messages do not count again.
    """
    frame = _by_hour(reader)
    for hour, hits, size, usual in _levels(frame, "hour", told):
        query = _query(reader, frame, "hour", hour, told)
        yield Finding(
            "bad",
            f"Sent {_hour_text(hour)}: {formats.rate(hits / size)} of {size:,.0f} do not arrive",
            f"In the other hours {formats.rate(usual)}. Look at what is sent then.",
            "messages", "Show the messages", query,
            touched=(hits - usual * size) / (float(frame["messages"].sum()) or 1.0),
        )  # fmt: skip


def texts(reader: FindingReader, told: Collection[int]) -> Iterator[Finding]:
    """Texts of which more fails than of the others."""
    frame = reader.text_outcomes()
    for text, hits, size, usual in _levels(frame, "template", told):
        query = _query(reader, frame, "template", text, told)
        yield Finding(
            "bad",
            f"A text: {formats.rate(hits / size)} of {size:,.0f} do not arrive",
            f"“{_shortened(reader.label('template', text))}”. Of the other texts {formats.rate(usual)}. "
            "Compare it with your registered use case, and with the list it was sent to.",
            "messages", "Show the messages", query,
            touched=(hits - usual * size) / (float(frame["messages"].sum()) or 1.0),
        )  # fmt: skip


def carried_by(reader: FindingReader, code: int | None) -> list[str]:
    """Sentences on the text and the hour that most messages with a code have, where others have them less."""
    sentences = []
    if share_of_text := _carrier(reader.text_outcomes(), "template", code):
        text, share = share_of_text
        words = _shortened(reader.label("template", text))
        sentences.append(f"{formats.rate(share)} have the text “{words}”.")
    if share_of_hour := _carrier(_by_hour(reader), "hour", code):
        hour, share = share_of_hour
        sentences.append(f"{formats.rate(share)} were sent {_hour_text(hour)}.")
    return sentences


def _carrier(frame: pd.DataFrame, name: str, code: int | None) -> tuple[Any, float] | None:
    """The value that most messages with a code have, at least twice as often as all; with its share."""
    with_code = frame[frame["error_code"] == code].groupby(name)["messages"].sum()
    if code is None or with_code.empty:
        return None
    value, hits = with_code.idxmax(), float(with_code.max())
    share, sent = hits / float(with_code.sum()), float(frame[frame[name] == value]["messages"].sum())
    is_telling = (
        share >= _CARRIES and hits >= FEWEST_HITS and share >= 2 * sent / float(frame["messages"].sum())
    )
    return (value, share) if is_telling else None


def _by_hour(reader: FindingReader) -> pd.DataFrame:
    return reader.metric("messages", by=("hour", "error_code", "outcome")).frame


def _hour_text(hour: Any) -> str:
    return f"from {int(hour):02d}:00 to {(int(hour) + 1) % 24:02d}:00"


def _levels(
    frame: pd.DataFrame, name: str, told: Collection[int]
) -> Iterator[tuple[Any, float, float, float]]:
    """Value, failures, messages and the share of the others, for each value that stands out."""
    frame = frame[frame["outcome"].isin(("delivered", "undelivered", "failed", "unknown"))]
    frame = frame[~frame["error_code"].isin(list(told))]
    sizes = frame.groupby(name)["messages"].sum().astype(float)
    failed = frame[frame["outcome"].isin(NOT_ARRIVED)]
    hits = failed.groupby(name)["messages"].sum().astype(float).reindex(sizes.index, fill_value=0.0)
    all_hits, all_sizes = float(hits.sum()), float(sizes.sum())
    for value in sizes.index[(sizes >= FEWEST_MESSAGES) & (hits >= FEWEST_HITS)]:
        hit, size = float(hits[value]), float(sizes[value])
        others = all_hits - hit, all_sizes - size
        if others[1] >= max(_FEWEST_OTHERS, size) and surprise_of(hit, size, *others):
            yield value, hit, size, others[0] / others[1]


def _query(
    reader: FindingReader, frame: pd.DataFrame, name: str, value: Any, told: Collection[int]
) -> dict[str, str | list[str]]:
    """The filters that leave the failures of a value, without those of problems that were told."""
    query: dict[str, str | list[str]] = {
        name: reader.token(name, value), "outcome": list(NOT_ARRIVED)
    }  # fmt: skip
    if told:
        failed = frame[(frame[name] == value) & frame["outcome"].isin(NOT_ARRIVED)]
        codes = failed[~failed["error_code"].isin(list(told))]["error_code"].unique()
        query["error_code"] = [reader.token("error_code", code) for code in codes]
    return query


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1].rstrip() + "…"
