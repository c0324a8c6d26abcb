"""Two machines that send from one lake: each person is written to once, whatever happens to one of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.lake.test_leases import TAKEN_OVER_WITHIN
from tests.lakes import lake_of
from tests.machines import SharedLake, share_lake, wait_until
from tests.postgres import PostgresServer
from tests.sending.conftest import SENDER, SETTINGS, environment, know_senders, sent_to
from tests.sending.test_kill import SEND, kill
from workbench import LakeBusy, Workbench
from workbench.errors import LakeError
from workbench.lake import open_lake
from workbench.lake.address import lake_address
from workbench.lake.fleet.leases import read_leases
from workbench.sending import owner as owners
from workbench.sending.owner import Owner
from workbench.settings import Settings, load_settings
from workbench.simulator import Fault, Server

_SLOW = SETTINGS.replace("400", "12")


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, server: Server, postgres_machine: PostgresServer
) -> SharedLake:
    lake = share_lake(tmp_path_factory.mktemp("machines"), postgres_machine)
    for name in ("first", "second"):
        (lake.home(name) / "workbench.toml").write_text(_SLOW)
    with Workbench(settings_of(lake, "first", server)) as wb:
        know_senders(wb, server)
    return lake


def environ(lake: SharedLake, name: str, server: Server) -> dict[str, str]:
    return {**environment(lake.home(name), server), **lake.environment(name)}


def settings_of(lake: SharedLake, name: str, server: Server) -> Settings:
    return load_settings(environ(lake, name, server))


def start(script: str, lake: SharedLake, name: str, server: Server, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, **environ(lake, name, server)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine decides some seconds after a death, not a minute: what is under way here is over."""
    monkeypatch.setattr(owners, "LATEST_START", timedelta(seconds=3))


def numbers(count: int) -> set[str]:
    return {f"+1415557{number:04}" for number in range(count)}


def finish_batch(wb: Workbench, count: int) -> dict[str, int]:
    rows = [{"to": f"+1415557{number:04}", "body": f"Hello {number}"} for number in range(count)]
    for _ in range(20):
        try:
            done = wb.send_batch(rows, sender=SENDER, batch="b", ignore_quiet_hours=True, confirm=count)
        except LakeBusy:
            time.sleep(0.5)
            continue
        if set(done.counts) <= {"sent", "already_sent"}:
            return dict(done.counts)
    raise AssertionError(f"it was not done: {done.counts}")


TOGETHER = f"""
import sys
from workbench import LakeBusy, Workbench

wb, count = Workbench(), int(sys.argv[1])
rows = [{{"to": f"+1415557{{number:04}}", "body": f"Hello {{number}}"}} for number in range(count)]
wb.outbox.preflight("+14155570000", "Hello", sender="{SENDER}")
print("ready", flush=True)
sys.stdin.readline()
try:
    wb.send_batch(
        rows, sender="{SENDER}", batch="b", ignore_quiet_hours=True, confirm=count,
        on_progress=lambda progress: print(progress.done, flush=True),
    )
except LakeBusy as busy:
    print(busy, flush=True)
"""


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.usefixtures("soon")
def test_the_same_batch_on_two_machines_with_a_death_and_a_restart_reaches_everybody_once(
    shared: SharedLake, server: Server, postgres_machine: PostgresServer
) -> None:
    count = 60
    both = [start(TOGETHER, shared, name, server, str(count)) for name in ("first", "second")]
    assert [line_of(process) for process in both] == ["ready", "ready"]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [line_of(process) for process in both]
    [winner] = [process for process, line in zip(both, said, strict=True) if line.isdigit()]
    [refused] = [line for line in said if not line.isdigit()]
    assert refused.startswith(f"Another batch from {SENDER} is running on this lake (machine ")
    for process in both:
        kill(process)
    assert 0 < sum(sent_to(server, numbers(count)).values()) < count
    # The machine that was refused, or its neighbour, goes on; then its server restarts.
    name = "second" if winner is both[0] else "first"
    wait_until(lambda: not read_leases(lake_address(settings_of(shared, name, server))), TAKEN_OVER_WITHIN)
    third = start(TOGETHER, shared, name, server, str(count))
    assert line_of(third) == "ready"
    assert third.stdin is not None
    third.stdin.write("go\n")
    third.stdin.flush()
    assert line_of(third).isdigit()
    postgres_machine.stop()
    postgres_machine.start()
    third.communicate(timeout=150)
    with Workbench(settings_of(shared, name, server)) as wb:
        assert finish_batch(wb, count).get("already_sent", 0) > 0
        assert sent_to(server, numbers(count)) == dict.fromkeys(numbers(count), 1)
        assert lake_of(wb).rows(
            "select state, count(*), count(distinct message_sid) from outbox where batch = 'b' group by 1"
        ) == [("accepted", count, count)]


@pytest.mark.usefixtures("soon")
def test_a_message_of_a_machine_that_lives_is_left_alone(shared: SharedLake, server: Server) -> None:
    wait_until(lambda: server.runtime.requests.active == 0)
    server.faults.add(Fault("delay", when="before", seconds=5, method="POST"))
    first = start(SEND, shared, "first", server, "+14155578001")
    wait_until(lambda: server.runtime.requests.active > 0)
    with Workbench(settings_of(shared, "second", server)) as wb:

        def send() -> str:
            sent = wb.send("+14155578001", "Hello", sender=SENDER, ignore_quiet_hours=True, confirm=True)
            return sent.state

        assert send() == "unclear"
        assert first.stdout is not None
        assert [first.stdout.readline().strip() for _ in range(2)] == ["ready", "sent"]
        kill(first)
        assert send() == "already_sent"
    assert sent_to(server)["+14155578001"] == 1


def test_who_lost_its_lease_makes_no_request_for_what_it_intended_before(
    shared: SharedLake, server: Server
) -> None:
    with open_lake(settings_of(shared, "first", server)) as lake:
        own = Owner(lake.home / "sending", "one", lake.address)
        other = Owner(lake.home / "elsewhere", "two", lake.address)
        before, now = own.pledge(), datetime.now(UTC)
        assert before.is_kept()
        assert not other.is_abandoned(own.id, now, now)
        _move_leases(lake.address.catalog, f"send {own.id}", "- interval '70 seconds'")
        assert Owner(lake.home / "elsewhere", "two", lake.address).is_abandoned(own._id, now, now)
        _take_away(lake.address.catalog, f"send {own._id}")
        wait_until(lambda: not before.is_kept(), 15)
        _move_leases(lake.address.catalog, f"send {own._id}", "- interval '70 seconds'")
        after = own.pledge()
        assert (before.is_kept(), after.is_kept()) == (False, True)


def test_a_process_of_an_older_version_is_waited_for_as_before(shared: SharedLake, server: Server) -> None:
    now = datetime.now(UTC)
    with open_lake(settings_of(shared, "second", server)) as lake:
        own = Owner(lake.home / "sending", "two", lake.address)
        older = "one/0123456789abcdef"
        assert not own.is_abandoned(older, now - timedelta(minutes=59), now)
        assert own.is_abandoned(older, now - timedelta(minutes=61), now)
        # Two machines of one name, as containers have: the lock is not here, so the lease decides.
        assert own.is_abandoned("two/lease-0123", now, now)


def test_a_machine_with_a_wrong_clock_does_not_send(
    shared: SharedLake, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_lake(settings_of(shared, "second", server)) as lake:
        own = Owner(lake.home / "sending", "two", lake.address)
        behind = time.time
        monkeypatch.setattr(time, "time", lambda: behind() - 45)
        with pytest.raises(
            LakeError, match="45 s behind that of the lake's database; up to 10 s are allowed"
        ):
            own.pledge()


def _move_leases(catalog: str, name: str, by: str) -> None:
    with psycopg.connect(catalog, autocommit=True) as connection:
        connection.execute(
            f"update workbench_fleet.leases set expires_at = clock_timestamp() {by} where name = %s", [name]
        )


def _take_away(catalog: str, name: str) -> None:
    with psycopg.connect(catalog, autocommit=True) as connection:
        connection.execute("update workbench_fleet.leases set holder = 'another' where name = %s", [name])
