"""``wb.lake``: what the lake takes up, and looking after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    from workbench.lake.info import LakeInfo
    from workbench.lake.maintenance import Maintained


class LakeCalls(Namespace):
    """What the lake takes up, and looking after it."""

    _word = "lake"

    def info(self) -> LakeInfo:
        """Where the lake is, its size, files, small files, versions, schema, and the rows of each table."""
        from workbench.lake.info import read_info

        return read_info(self._installation.reader)

    def compact(self) -> Maintained:
        """Merge small files and let old versions go, as the schedule does every hour.

        Raises:
            LakeBusy: the lake is in use without a pause.
        """
        from workbench.api.jobs import maintain

        self._installation.close_reader()
        return maintain(self._installation)
