"""How many segments messages take."""

from __future__ import annotations

import plotly.graph_objects as go

from workbench.display import formats
from workbench.display.periods import Period
from workbench.metrics import MetricResult
from workbench.ui import theme
from workbench.ui.charts.base import new_figure, with_value_axis

LAST = 10
"""Texts of this many segments and more share a bar."""
_COLORS = {"GSM-7": "delivered", "UCS-2": "undelivered", None: "received"}
_NAMES = {None: "text not seen"}


def segment_histogram(result: MetricResult, period: Period) -> go.Figure | None:
    """Messages by `segment_count` and `encoding`, side by side in one bar; None when there are none."""
    rows = result.frame[result.frame["messages"] > 0]
    if rows.empty:
        return None
    counts: dict[str | None, dict[int, int]] = {}
    for number, encoding, messages in zip(
        rows["segment_count"], rows["encoding"], rows["messages"], strict=True
    ):
        kind = encoding if isinstance(encoding, str) else None
        by_size = counts.setdefault(kind, {})
        size = 0 if formats.is_missing(number) else min(int(number), LAST)
        by_size[size] = by_size.get(size, 0) + int(messages)
    known = {size for by_size in counts.values() for size in by_size}
    sizes = [*range(1, max(known) + 1), *([0] if 0 in known else [])]
    figure = new_figure()
    for kind, token in _COLORS.items():
        if kind in counts:
            figure.add_bar(
                x=[_size_name(size) for size in sizes],
                y=[counts[kind].get(size, 0) for size in sizes],
                name=kind or _NAMES[None],
                marker={"color": theme.light(token), "line": {"width": 0}},
                hovertemplate="%{y:,}",
            )
    figure.update_layout(barmode="stack", bargap=0.35)
    with_value_axis(figure, "count")
    return figure.update_xaxes(type="category", title={"text": "segments", "font": {"size": 12}})


def _size_name(size: int) -> str:
    """Twilio says 0 until a sender is picked; a canceled message keeps it."""
    return f"{size}+" if size == LAST else str(size) if size else "none yet"
