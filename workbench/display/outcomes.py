"""What became of a message: its order in charts, and its colours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OUTCOMES = ("delivered", "unknown", "in flight", "canceled", "undelivered", "failed", "received")
"""Stacked from the bottom up: what went well first, so that trouble floats on top of it."""

OUTCOME_COLORS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "delivered": ("#2f6fb3", "#4a8fd6"),
        "undelivered": ("#eda33b", "#f0b45c"),
        "failed": ("#a93421", "#d2503a"),
        "unknown": ("#5a4a82", "#c7b3ea"),
        "in flight": ("#9fcbe8", "#2f5d80"),
        "received": ("#94a0ac", "#7d8b98"),
        "canceled": ("#e3e6ea", "#3a444e"),
    }
)
"""On light and on dark ground; told apart by lightness too, not by hue alone. Paper is light."""
