"""How the values of a dimension are shown: numbers masked, services by their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.display.formats import is_missing
from workbench.display.names import empty_name
from workbench.metrics.catalog import query_service_names
from workbench.ui.filters import DIRECTIONS, FIELDS
from workbench.ui.page_data import PageData


@dataclass(frozen=True)
class Shown:
    """A value on screen; ``key`` is what a click on it filters by."""

    text: str
    key: str
    is_none: bool = False


def show_value(data: PageData, dimension: str, value: Any) -> Shown:
    """A dimension's value as people may see it."""
    if is_missing(value):
        return Shown(empty_name(dimension), "none", True)
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if dimension == "sender":
        text = data.sender_label(text)
    key = str(value) if dimension == "sender" and not data.store.masks_own_numbers else text
    for name, field in FIELDS.items():
        if field.dimension == dimension and name in data.options:
            key, text = data.token(name, value), data.label(name, value)
    if dimension == "messaging_service":
        names = data.look_up("service names", query_service_names)
        text = names.get(str(value)) or (f"{text[:6]}…{text[-4:]}" if len(text) > 12 else text)
    return Shown(text, key)


def behind(
    data: PageData, dimension: str, shown: Shown, metric: str = "", **narrow: Sequence[str]
) -> str | None:
    """The link to the messages behind a metric of a value; None where the value is no filter of messages."""
    if dimension == "direction" and shown.key in DIRECTIONS:
        return data.rows_link(metric, **{**narrow, "direction": shown.key})
    if dimension not in FIELDS:
        return None
    return data.rows_link(metric, **{dimension: [shown.key], **narrow})
