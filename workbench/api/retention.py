"""``wb.retention``: how long what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


class Retention(Namespace):
    """How long what is kept: ``[retention]`` in workbench.toml."""

    def run(self, *, confirm: bool = False) -> pd.DataFrame:
        """Apply ``[retention]``; without ``confirm`` only count: rule, table, field, older_than, rows.

        Raises:
            UsageError: the settings have no ``[retention]``.
        """
        from workbench.compliance.retention import retention_rules, run_retention

        installation = self._installation
        rules = retention_rules(installation.settings.retention)
        if not rules:
            raise UsageError(
                "workbench.toml has no [retention]. Write for instance: bodies = 90, messages = 400 (days)."
            )
        if confirm:
            installation.close_reader()
        return run_retention(installation.lake, rules, installation.actor, confirm=confirm)
