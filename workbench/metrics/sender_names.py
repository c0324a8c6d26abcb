"""The names of our senders beside their addresses, in frames that programs and terminals show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.display.names import sender_label, sender_name
from workbench.metrics.catalog import query_sender_names

if TYPE_CHECKING:
    import pandas as pd

    from workbench.lake.connect import Readable
    from workbench.settings import Settings

_IS_MASKED = "masks_own_numbers"


def add_sender_names(frame: pd.DataFrame, lake: Readable, settings: Settings) -> pd.DataFrame:
    """The frame with `sender_name` after `sender`, if it has that column; None where a sender has no name.

    Args:
        settings: whether a terminal masks our own numbers.
    """
    import pandas as pd

    if "sender" in frame:
        names = query_sender_names(lake)
        own_names = [
            sender_name(value, names.get(value)) if isinstance(value, str) else None
            for value in frame["sender"]
        ]
        at = list(frame.columns).index("sender") + 1
        # Of a plain list pandas would make texts with NaN for no name.
        frame.insert(at, "sender_name", pd.Series(own_names, index=frame.index, dtype=object))
        frame.attrs[_IS_MASKED] = settings.privacy.mask_own_numbers
    return frame


def with_sender_labels(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as people read it: each sender by its name and number, in one column."""
    if "sender_name" not in frame or "sender" not in frame:
        return frame
    is_masked = bool(frame.attrs.get(_IS_MASKED))
    labels = [
        sender_label(value, name if isinstance(name, str) else None, is_masked=is_masked)
        if isinstance(value, str)
        else None
        for value, name in zip(frame["sender"], frame["sender_name"], strict=True)
    ]
    return frame.assign(sender=np.array(labels, dtype=object)).drop(columns="sender_name")
