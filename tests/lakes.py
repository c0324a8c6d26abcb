"""What tests look into behind the notebook API."""

from __future__ import annotations

from workbench import Workbench
from workbench.lake import Lake


def lake_of(wb: Workbench) -> Lake:
    """The lake for writing, as the calls of `wb` use it; made where there is none yet."""
    return wb._installation.begin_lake()
