"""The notebook API: :class:`Workbench`, each method one call into a room below.

One module for each kind of work; a new call goes into the module of its kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.compliance import ComplianceCalls
from workbench.api.composer import ComposerCalls
from workbench.api.contacts import ContactCalls
from workbench.api.conversations import ConversationCalls
from workbench.api.jobs import JobCalls
from workbench.api.metrics import NumberCalls
from workbench.api.periods import parse_day, parse_period
from workbench.api.reports import ReportCalls
from workbench.api.status import Status
from workbench.api.webhook_setup import ConnectCalls
from workbench.errors import LakeError

if TYPE_CHECKING:
    from workbench.api.own_files import NewFiles

__all__ = ["Status", "Workbench", "parse_day", "parse_period"]


class Workbench(
    JobCalls,
    ComplianceCalls,
    ConversationCalls,
    ComposerCalls,
    ContactCalls,
    ConnectCalls,
    ReportCalls,
    NumberCalls,
):
    """One installation, opened for a notebook or a script.

    >>> wb = Workbench()
    >>> wb.sync()
    >>> wb.metric("delivery_rate", by=["day", "sender"])

    Settings come from the environment and ``workbench.toml`` (see :mod:`workbench.settings`) unless given.
    """

    @property
    def new(self) -> NewFiles:
        """Begin a page, metric, dimension, report or template of your own: ``wb.new.page("sales")``."""
        from workbench.api.own_files import NewFiles

        return NewFiles(self.settings)

    def __repr__(self) -> str:
        try:
            return f"Workbench\n{self.status()!r}\n\nTry wb.metric('delivery_rate', by=['day']), wb.sql('…')."
        except LakeError as error:
            return f"Workbench({str(self.settings.home)!r})\n{error}"
