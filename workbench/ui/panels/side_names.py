"""Our senders and messaging services, by the names that people gave them."""

from __future__ import annotations

from workbench.display.names import sender_label
from workbench.metrics.catalog import query_side_names
from workbench.ui.page_data import PageData


def side_name(side: str, data: PageData) -> str:
    """`Desk (+12025550110)`, `Support (MG5682…49bf)`; without a name the number or the short SID alone."""
    name = data.look_up("names of senders and services", query_side_names).get(side)
    if not side.startswith("MG"):
        return sender_label(side, name, is_masked=data.store.masks_own_numbers)
    short = f"{side[:6]}…{side[-4:]}"
    return f"{name} ({short})" if name else short
