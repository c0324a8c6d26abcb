"""Our senders and messaging services, by the names that people gave them."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.messaging.addresses import mask


def side_name(side: str, names: Mapping[str, str]) -> str:
    """`Desk (+1202***0110)`; without a name the number or SID alone, shortened."""
    short = f"{side[:6]}…{side[-4:]}" if side.startswith("MG") else mask(side)
    return f"{names[side]} ({short})" if names.get(side) else short
