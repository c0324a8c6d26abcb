"""``wb.subject``: one person's rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    from workbench.api.backup import BackupsAfterErasure
    from workbench.api.installation import Installation
    from workbench.compliance.data_subject import DataSubject
    from workbench.compliance.orders import ErasurePlan
    from workbench.twilio.erasing import Removal, Way


@dataclass(frozen=True)
class ErasureReport:
    """What an erasure did; `plan` alone for a dry run."""

    plan: ErasurePlan
    proof: dict[str, Any] | None = None
    paths: tuple[Path, ...] = ()
    pending: int = 0
    """Messages that Twilio did not confirm yet."""
    backups: BackupsAfterErasure | None = None
    """Backups that hold the person still; None where none was ever made."""

    @property
    def is_done(self) -> bool:
        return self.proof is not None and not self.pending


class Subject(Namespace):
    """One person's rights: everything on record about them, and its erasure."""

    def export(self, address: str, out: Path | str) -> list[Path]:
        """Write everything on record about one person as HTML and JSON into a folder, audited; the paths."""
        from workbench.api.records import write_audited
        from workbench.compliance.records import is_empty, read_person

        person = self._installation.data_subject(address)
        record = read_person(self._installation.reader, person)
        if is_empty(record):
            self._installation.require_log()
        return write_audited(self._installation, record, person, out, "subject")

    def erase(
        self,
        address: str,
        *,
        local_only: bool = False,
        twilio: Way = "delete",
        confirm: bool = False,
        on_removal: Callable[[Removal], None] = lambda removal: None,
    ) -> ErasureReport:
        """Erase one person here and their messages at Twilio; without ``confirm`` only say what would go.

        Can be run again, also after it was interrupted; what was begun here is finished first, and otherwise
        by the next maintenance. The proof is written under ``WORKBENCH_HOME``.

        Args:
            local_only: leave Twilio out.
            twilio: delete their messages there, or only redact the texts.
            on_removal: is told of each message as Twilio has removed it.
        """
        from workbench.api.backup import note_erasure
        from workbench.compliance.erasure import order_erasure, plan_erasure
        from workbench.compliance.finishing import finish_erasure, finish_removals, removing_alone
        from workbench.compliance.proof import say_removals

        installation = self._installation
        if confirm:
            installation.begin_lake()  # the order holds for whatever comes in later
        person = installation.data_subject(address)
        if not confirm:
            plan = plan_erasure(installation.reader, person)
            if plan.is_empty:
                installation.require_log()
            return ErasureReport(plan)
        installation.close_reader()
        actor, lake = installation.actor, installation.lake
        with removing_alone(lake):
            earlier = finish_removals(lake, actor)
            removals = None if local_only else self._remove_at_twilio(person, twilio, on_removal)
            at_twilio = say_removals(removals, twilio)
            order = order_erasure(lake, person, actor=actor, at_twilio=at_twilio)
            done = finish_erasure(lake, order)
        paths = (*done.paths, *(path for erasure in earlier for path in erasure.paths))
        backups = note_erasure(installation)
        return ErasureReport(order.plan, done.proof, paths, len(at_twilio.not_confirmed), backups)

    def readmit(self, address: str, *, because: str, confirm: bool = False) -> bool:
        """Let a person who was erased in again, who came back by themselves; audited with the reason.

        They have agreed to nothing by that: import their consent. Messages that Twilio still lists come back
        with the next full sync.

        Args:
            because: what they asked for, and where that is written down.
            confirm: do it; without it nothing is done.

        Returns:
            Whether they were let in.

        Raises:
            UsageError: nobody of this address was erased, or no reason is given.
        """
        from workbench.compliance.erasure import readmit_person

        if not confirm:
            return False
        installation = self._installation
        person = installation.data_subject(address)
        readmit_person(installation.lake, person, because=because, actor=installation.actor)
        return True

    def _remove_at_twilio(
        self, person: DataSubject, way: Way, on_removal: Callable[[Removal], None]
    ) -> list[Removal]:
        """What is scheduled is cancelled first: Twilio would send it, and deletes only what is over."""
        from workbench.compliance.twilio_removal import remove_at_twilio
        from workbench.sending.cancel_unwanted import cancel_for
        from workbench.sync.shared.cancellation import Cancellation

        cancel_for(self._installation.send_context, person.contacts, "erased")
        with self._installation.twilio_client(Cancellation()) as client:
            return remove_at_twilio(self._installation.lake, client, person, way, on_removal)


def finish_interrupted_removals(installation: Installation) -> int:
    """Finish erasures that were interrupted after their rows were gone, and retention runs; how many."""
    from workbench.compliance.finishing import finish_removals, removing_alone
    from workbench.lake.removals import read_unfinished

    before = len(read_unfinished(installation.lake))
    installation.close_reader()
    with removing_alone(installation.lake):
        finish_removals(installation.lake, installation.actor)
    return before - len(read_unfinished(installation.lake))
