"""``wb.lake``: what the lake takes up, and looking after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    from workbench.lake.info import LakeInfo
    from workbench.lake.maintenance import Maintained
    from workbench.moving.copying import OnMoveProgress
    from workbench.moving.results import LakeMove, MoveEnded, MovePlan


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

    def move(
        self,
        to: str | None = None,
        *,
        data: str | None = None,
        confirm: bool = False,
        abandon: bool = False,
        release_old: bool = False,
        delete: bool = False,
        on_progress: OnMoveProgress = lambda progress: None,
    ) -> LakeMove | MovePlan | MoveEnded:
        """Move the lake to another catalog while it is read and written; the same call goes on after a kill.

        Args:
            to: the new catalog, as ``sqlite:PATH`` or ``postgres:dbname=… host=…``.
            data: where its files go, a folder or ``s3://bucket/prefix/``; by default beside a SQLite catalog.
            confirm: move it; otherwise only what would be moved and what stands in the way is said.
            abandon: instead, remove what was begun at the new place.
            release_old: instead, after a move, set the old lake aside.
            delete: with `release_old`, delete the old lake.

        Raises:
            UsageError: what is asked does not fit together, or to the move that was begun.
            LakeRefused: the place is not free, or something cannot be carried over.
            LakeBusy: somebody else moves the lake, or erases; run the same again.
            LakeError: the copy is not equal, or a lake cannot be used; the old one stays the lake.
        """
        from workbench.errors import UsageError
        from workbench.moving.run import abandon_move, move_lake, plan_move, release_old_lake
        from workbench.roles import require_role

        require_role("admin", "move the lake")
        asked = {"to": to is not None, "abandon": abandon, "release_old": release_old}
        ways = [name for name, is_asked in asked.items() if is_asked]
        if len(ways) != 1:
            raise UsageError(
                f"{' and '.join(ways) or 'Nothing'} is given; give one of: to with the new catalog, abandon, "
                "or release_old."
            )
        if (delete and not release_old) or (to is None and (data is not None or confirm)):
            raise UsageError("delete goes with release_old, and data and confirm with to.")
        installation = self._installation
        settings = installation.settings
        if to is not None and not confirm:
            return plan_move(settings, to, data)
        installation.close()
        if abandon:
            return abandon_move(settings)
        if to is None:
            return release_old_lake(settings, delete=delete)
        done = move_lake(settings, to, data, on_progress)
        installation.follow_move()
        return done
