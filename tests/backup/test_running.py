"""A backup while others write, merge and erase: what comes back is the lake of one version."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.backup.conftest import Restore, make_home
from tests.messages import payload
from workbench.api.backup import open_backups
from workbench.lake import open_lake
from workbench.settings import load_settings

ROOT = Path(__file__).parents[2]

#: Brings messages, deletes one now and then, and lets old files go, as a purge after an erasure does.
WRITER = """
import sys
from tests.messages import payload
from tests.ui.known import save
from workbench.lake import open_lake
from workbench.lake.purge import _STEPS
from workbench.settings import load_settings
with open_lake(load_settings()) as lake:
    number = 1000
    while True:
        save(lake, [payload(number + one) for one in range(20)])
        lake.write(lambda cursor: cursor.execute("delete from raw_messages where message_sid = "
            "(select min(message_sid) from raw_messages)"))
        number += 20
        if number % 60 == 0:
            for step in _STEPS:
                lake.run_alone(lambda cursor: cursor.execute(step).fetchall())
        print(number, flush=True)
"""


def test_it_is_the_lake_of_one_moment(tmp_path: Path, restore: Restore) -> None:
    home, target = tmp_path / "home", tmp_path / "backups"
    wb = make_home(home)
    environ = {**os.environ, "WORKBENCH_HOME": str(home), "PYTHONPATH": str(ROOT)}
    writer = subprocess.Popen([sys.executable, "-c", WRITER], env=environ, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        writer.stdout.readline()
        made = [wb.backup(str(target)) for _ in range(3)]
        written_during = int(writer.stdout.readline())
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait(20)
        writer.stdout.close()
        wb.close()
    assert written_during >= 1020
    manifests = list(open_backups(str(target), None, tmp_path).manifests())
    assert [manifest.backup_id for manifest in manifests] == [backup.backup_id for backup in made]
    assert restore(target, key_of=home).exit_code == 0
    with open_lake(load_settings()) as lake:
        sids = [sid for (sid,) in lake.rows("select message_sid from raw_messages order by message_sid")]
    assert len(sids) == manifests[-1].totals["raw_messages"]
    # At any moment k batches were brought, and k or k - 1 of the first messages deleted.
    batches = (len(sids) - 100) // 19
    gone = 100 + 20 * batches - len(sids)
    assert (batches >= 1, gone in (batches, batches - 1)) == (True, True)
    numbers = [*range(100), *range(1000, 1000 + 20 * batches)]
    every = sorted(str(payload(number)["sid"]) for number in numbers)
    assert sids == every[gone:]
