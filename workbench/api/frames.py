"""What all frames of the notebook API have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def mask_contacts(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the numbers of its column `contact` masked."""
    from workbench.messaging.addresses import mask

    if "contact" in frame:
        frame["contact"] = [mask(value) for value in frame["contact"]]
    return frame
