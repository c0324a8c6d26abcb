"""``wb.audit``: the trail of who did what that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    import pandas as pd

    from workbench.compliance.trail import TrailCheck


class Audit(Namespace):
    """The trail of who did what that matters; each row is chained to the one before it."""

    def show(
        self, *, action: str | None = None, actor: str | None = None, limit: int | None = 100
    ) -> pd.DataFrame:
        """The trail, the newest row first: seq, happened_at, actor, action, subject (masked), detail.

        Args:
            action: only this, as consent-import, revocation-decision, export or erase.
            actor: only by them, as local:ops.
            limit: the newest so many; None is all.
        """
        from workbench.compliance.trail import read_trail

        return read_trail(self._installation.reader, action=action, actor=actor, limit=limit)

    def verify(self, *, anchor: str | None = None) -> TrailCheck:
        """Follow the chain of the trail: finds rows altered, missing, out of order or cut off.

        Args:
            anchor: what an earlier verification gave as its `tail`, kept somewhere else.
        """
        from workbench.compliance.trail import verify_trail

        return verify_trail(self._installation.reader, anchor)
