"""Killed at any step a backup leaves the last good one, and the next run ends what was begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.backup.conftest import make_home
from tests.messages import payload
from tests.ui.known import save
from workbench import Workbench
from workbench.api.backup import check_at, list_at
from workbench.lake import open_lake

ROOT = Path(__file__).parents[2]

#: Ends at the n-th file that is put into its place: before or after it is there.
KILLED = """
import os, signal, sys
from workbench import Workbench
from workbench.backup.store import FolderStore
target, last, is_before = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "before"
write, count = FolderStore.write, 0
def counted(self, name, source):
    global count
    count += 1
    if count == last and is_before:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, name, source)
    if count == last:
        os.kill(os.getpid(), signal.SIGKILL)
FolderStore.write = counted
Workbench().backup(target)
"""
#: What a run writes here, in this order: the anchor of the audit trail, the catalog, the manifest, a ledger.
STEPS = [(2, "before"), (3, "before"), (3, "after")]


def test_the_last_good_backup_is_there_after_a_kill_at_each_step(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "backups"
    wb = make_home(home)
    first = wb.backup(str(target)).backup_id
    environ = {**os.environ, "WORKBENCH_HOME": str(home), "PYTHONPATH": str(ROOT)}
    # One after the other, each on what the last one left.
    for number, (last, moment) in enumerate(STEPS):
        with open_lake(wb.settings) as lake:
            save(lake, [payload(1000 + number)])
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, str(target), str(last), moment], env=environ, timeout=120
        )
        assert ended.returncode == -9
        ids = [listed.backup_id for listed in list_at(str(target), None)]
        assert ids[-1] == first
        # The manifest makes it one; what comes after is only noted beside it.
        assert len(ids) == (2 if (last, moment) == (3, "after") else 1)
        assert check_at(str(target), None) == []
    done = Workbench(home).backup(str(target))
    assert check_at(str(target), None) == []
    assert list_at(str(target), None)[0].backup_id == done.backup_id
    assert list_at(str(target), None)[0].messages == 103
    assert list((target / ".incoming").iterdir()) == []
    assert not (target / "progress.json").exists()
