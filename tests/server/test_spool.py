"""The spool: what was appended is there again, whatever happened to the process or to its last write."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings

from workbench.lake import spool as spool_module
from workbench.lake.spool import Spool, SpoolFull, rewrite_segments
from workbench.server.intake import Intake


def one(number: int) -> bytes:
    return f"record {number}".encode()


def drain(spool: Spool) -> list[bytes]:
    found: list[bytes] = []
    while batch := spool.read(3):
        found += batch
        spool.done()
    return found


def test_records_come_in_order_and_are_gone_when_done(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", segment_bytes=60)
    for number in range(10):
        spool.append([one(2 * number), one(2 * number + 1)])
    assert spool.waiting == 20
    assert spool.read(3) == spool.read(3) == [one(0), one(1), one(2)]
    assert drain(spool) == [one(number) for number in range(20)]
    assert spool.waiting == 0
    spool.append([one(20)])
    assert drain(spool) == [one(20)]
    assert len(list((tmp_path / "spool").iterdir())) <= 1
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


def test_another_process_finds_what_was_left(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=60)
    for number in range(9):
        spool.append([one(number)])
    spool.read(4)
    spool.done()
    again = Spool(tmp_path)
    again.append([one(99)])
    left = drain(again)
    # Some may come again, because nothing is written about what was read; none may be missing.
    assert left[-6:] == [*map(one, range(4, 9)), one(99)]
    assert list(tmp_path.iterdir()) == [], "nothing that the lake has stays on the disk"


@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(strategies.integers(0, 400), strategies.binary(max_size=40))
def test_a_torn_tail_costs_nothing_that_was_whole(tmp_path: Path, cut: int, rubbish: bytes) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    spool = Spool(tmp_path)
    spool.append([one(number) for number in range(10)])
    spool.close()
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    kept = whole[: max(8, len(whole) - cut)]
    path.write_bytes(kept + (rubbish if cut else b""))
    found = drain(Spool(tmp_path))
    complete = (len(kept) - 8) // (len(one(0)) + 8)
    assert found[:complete] == [one(number) for number in range(complete)]
    assert found[complete:] in ([], [rubbish[8:]])


def test_a_file_that_is_none_of_ours_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "000000000001.spool").write_bytes(b"something else altogether")
    spool = Spool(tmp_path)
    assert spool.waiting == 0
    assert (tmp_path / "000000000001.damaged").read_bytes() == b"something else altogether"


def test_too_much_waiting_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path, most_bytes=200)
    spool.append([b"x" * 100])
    with pytest.raises(SpoolFull):
        spool.append([b"y" * 100])
    assert drain(spool) == [b"x" * 100]
    spool.append([b"y" * 100])


FULL = """
import resource, sys
from pathlib import Path
from typing import Any
from workbench.lake.spool import Spool, SpoolFull
spool = Spool(Path(sys.argv[1]))
spool.append([b"kept"])
resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
try:
    spool.append([b"z" * 500])
except SpoolFull as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
spool.append([b"after"])
"""


def test_a_full_disk_refuses_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, "cannot be written" in done.stdout) == (0, True), done.stderr
    spool = Spool(tmp_path)
    assert spool.torn_bytes == 0
    assert drain(spool) == [b"kept", b"after"]


def test_a_file_takes_records_for_some_seconds_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy: what the lake has does not stay on the disk beside what it lacks."""
    monkeypatch.setattr(spool_module, "SEGMENT_SECONDS", 0.0)
    spool = Spool(tmp_path)
    for number in range(3):
        spool.append([one(number)])
    assert spool.read(2) == [one(0), one(1)]
    spool.done()
    assert [path.name for path in tmp_path.iterdir()] == ["000000000003.spool"]


def test_a_file_that_is_removed_from_under_it_answers_for_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([one(0)])
    next(tmp_path.iterdir()).unlink()
    with pytest.raises(SpoolFull, match="its file was removed"):
        spool.append([one(1)])
    spool.append([one(2)])
    assert drain(spool) == [one(2)]
    assert spool.lost == 1


def test_rewriting_keeps_what_is_not_changed(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=60)
    for number in range(9):
        spool.append([one(number)])
    spool.close()

    def without(record: bytes) -> bytes | None:
        return None if record in (one(0), one(1), one(2), one(3)) else record.replace(b"7", b"seven")

    assert rewrite_segments(tmp_path, without) == 5
    assert rewrite_segments(tmp_path, without) == 0
    assert drain(Spool(tmp_path)) == [one(4), one(5), one(6), b"record seven", one(8)]


def test_whoever_waits_for_a_record_hears_of_an_error_that_nobody_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)

    def broken(records: Any) -> None:
        monkeypatch.undo()
        raise RuntimeError("the disk is on fire")

    async def take_two() -> int:
        intake = Intake(spool, asyncio.get_running_loop(), lambda: None)
        try:
            with pytest.raises(RuntimeError, match="the disk is on fire"):
                await asyncio.wait_for(intake.take(b"one"), 10)
            return await asyncio.wait_for(intake.take(b"two"), 10)
        finally:
            intake.close()

    monkeypatch.setattr(spool, "append", broken)
    assert asyncio.run(take_two()) == 1
    assert list(spool.read(9)) == [b"two"]
