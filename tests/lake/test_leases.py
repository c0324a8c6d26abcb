"""Leases on a real PostgreSQL server: one holder, and another one within seconds, however the first ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.machines import cable, fleet_address, wait_until
from tests.postgres import PostgresServer
from workbench.errors import LakeBusy, WorkbenchError
from workbench.lake.address import LakeAddress
from workbench.lake.fleet.leases import (
    HeldLease,
    Lease,
    forget_leases,
    has_ended,
    read_last_leases,
    read_leases,
    take_lease,
)
from workbench.lake.fleet.machines import read_machines, seen
from workbench.lake.fleet.only_one import only_one_machine, only_one_of_lake
from workbench.lake.fleet.presence import present
from workbench.settings import load_settings

TAKEN_OVER_WITHIN = 12.0
"""Seconds; a lease is valid for 8."""

HOLDER = """
import sys
from workbench.lake.address import LakeAddress
from workbench.lake.fleet.leases import take_lease

lease = take_lease(LakeAddress("postgres", sys.argv[1], "/nowhere/"), sys.argv[2], "other")
print("taken", flush=True)
for line in sys.stdin:
    print("lost" if lease.is_lost() else "kept", flush=True)
"""


@pytest.fixture(scope="module")
def address(postgres_machine: PostgresServer) -> LakeAddress:
    return fleet_address(postgres_machine)


def taken(address: LakeAddress, name: str, machine: str = "here") -> HeldLease:
    lease = take_lease(address, name, machine)
    assert isinstance(lease, HeldLease), lease
    return lease


@pytest.fixture
def holders(address: LakeAddress) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Two processes, each with the lease of its name."""
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-c", HOLDER, address.catalog, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("killed", "suspended")
    }  # fmt: skip
    try:
        for process in processes.values():
            assert process.stdout is not None
            assert process.stdout.readline() == "taken\n"
        yield processes
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()


def test_one_has_it_and_the_next_has_the_next_term(address: LakeAddress) -> None:
    first = taken(address, "sync", "a")
    in_the_way = take_lease(address, "sync", "b")
    assert isinstance(in_the_way, Lease)
    assert (in_the_way.machine, in_the_way.term, in_the_way.state) == ("a", 1, "held")
    assert in_the_way.process.startswith(f"process {os.getpid()}, ")
    assert [lease.name for lease in read_leases(address)] == ["sync"]
    first.release()
    assert first.is_lost(), "what was given back guards nothing"
    assert read_leases(address) == []
    assert [(lease.machine, lease.state) for lease in read_last_leases(address)] == [("a", "ended")]
    assert has_ended(address, "sync", 60)
    second = taken(address, "sync", "b")
    assert (second.term, has_ended(address, "sync", 0)) == (2, False)
    second.release()


def test_another_machine_goes_on_when_the_holder_was_killed_or_suspended(
    address: LakeAddress, holders: dict[str, subprocess.Popen[str]]
) -> None:
    holders["killed"].send_signal(signal.SIGKILL)
    holders["suspended"].send_signal(signal.SIGSTOP)
    own: list[HeldLease] = []

    def is_free(name: str) -> bool:
        lease = take_lease(address, name, "here")
        if isinstance(lease, HeldLease):
            own.append(lease)
        return isinstance(lease, HeldLease)

    waited = wait_until(lambda: is_free("killed")) + wait_until(lambda: is_free("suspended"))
    assert 4 < waited < TAKEN_OVER_WITHIN
    assert [lease.term for lease in own] == [2, 2]
    woken = holders["suspended"]
    woken.send_signal(signal.SIGCONT)
    assert woken.stdin is not None
    assert woken.stdout is not None
    woken.stdin.write("?\n")
    woken.stdin.flush()
    assert woken.stdout.readline() == "lost\n"
    time.sleep(2.5)
    assert not any(lease.is_lost() for lease in own), "who woke up took it back"
    for lease in own:
        lease.release()


def test_a_holder_that_is_cut_off_knows_it_first(
    address: LakeAddress, postgres_machine: PostgresServer
) -> None:
    stopped, seen_by_others = threading.Event(), []
    with cable(postgres_machine) as way:
        far = replace(
            address, catalog=address.catalog.replace(f"port={postgres_machine.port}", f"port={way.port}")
        )
        lease = taken(far, "cut off")
        lease.on_loss(lambda: seen_by_others.extend(read_leases(address)))
        lease.on_loss(stopped.set)
        wait_until(lambda: _renewed(address, "cut off"))
        way.is_cut.set()
        assert stopped.wait(15)
        wait_until(lambda: not read_leases(address), 10)
        taken(address, "cut off").release()
        lease.release()
    with psycopg.connect(address.catalog) as connection:
        [(term,)] = connection.execute(
            "select term from workbench_fleet.leases where name = 'cut off'"
        ).fetchall()
    assert term == 2


def _renewed(address: LakeAddress, name: str) -> bool:
    [lease] = [lease for lease in read_leases(address) if lease.name == name]
    return (lease.expires_at - lease.taken_at).total_seconds() > 9


def test_a_restart_of_the_server_ends_no_lease(
    address: LakeAddress, postgres_machine: PostgresServer
) -> None:
    lease = taken(address, "sync")
    before = lease.term
    for _ in range(2):
        postgres_machine.stop()
        postgres_machine.start()
        wait_until(lambda: _renewed(address, "sync"))
        time.sleep(2.5)
    assert not lease.is_lost()
    assert [(each.name, each.term) for each in read_leases(address) if each.name == "sync"] == [
        ("sync", before)
    ]
    lease.release()


def test_only_one_of_a_lake_says_who_and_where(address: LakeAddress, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    with only_one_of_lake(address, here, "backup", "backup") as sole:
        assert (sole.is_lost(), (here / "backup.lock").exists()) == (False, True)
        with pytest.raises(LakeBusy) as here_refused, only_one_of_lake(address, here, "backup", "backup"):
            pytest.fail("two processes of one home")
        with pytest.raises(LakeBusy) as refused, only_one_of_lake(address, there, "backup", "backup"):
            pytest.fail("two machines")
    process = f"process {os.getpid()}, "
    assert f"Another backup is running on this lake ({process}" in str(here_refused.value)
    text = str(refused.value)
    assert text.startswith("Another backup is running on this lake (machine ")
    assert process in text
    assert text.endswith(
        "UTC). Wait for it to end, or stop it there; if that machine died, its place is free after 8 seconds."
    )
    with only_one_of_lake(address, there, "backup", "backup"):
        assert [lease.name for lease in read_leases(address)] == ["backup"]


def test_what_ends_because_the_lease_was_lost_is_no_failure_of_its_own(
    address: LakeAddress, tmp_path: Path
) -> None:
    def lose_it() -> None:
        with only_one_machine(address, tmp_path, "job sync", "run of the job sync") as sole:
            stop = threading.Event()
            sole.on_loss(stop.set)
            with psycopg.connect(address.catalog, autocommit=True) as connection:
                connection.execute(
                    "update workbench_fleet.leases set holder = 'another' where name = 'job sync'"
                )
            assert stop.wait(10)
            raise WorkbenchError("stopped")

    with pytest.raises(LakeBusy, match=r"This run of the job sync was stopped: .* another machine may go on"):
        lose_it()


def test_old_rows_of_ended_processes_are_forgotten(address: LakeAddress) -> None:
    taken(address, "send a/1").release()
    keeps = taken(address, "send a/2")
    with psycopg.connect(address.catalog, autocommit=True) as connection:
        connection.execute(
            "update workbench_fleet.leases set expires_at = expires_at - interval '8 days' "
            "where name in ('send a/1', 'sync')"
        )
    forget_leases(address, "send ", days=7)
    names = [lease.name for lease in read_last_leases(address)]
    assert "send a/1" not in names
    assert {"send a/2", "sync"} <= set(names)
    keeps.release()


def test_a_process_is_among_the_machines_while_it_lives(
    address: LakeAddress, postgres_machine: PostgresServer, tmp_path: Path
) -> None:
    settings = load_settings(
        {
            "WORKBENCH_HOME": str(tmp_path / "home"),
            "WORKBENCH_LAKE": f"postgres:{address.catalog}",
            "WORKBENCH_LAKE_DATA": "/nowhere/",
        }
    )
    with present(settings, "hooks"), present(settings, "worker"):
        wait_until(lambda: len(read_machines(address)) == 2)
        [hooks, worker] = read_machines(address)
        assert (hooks.roles, worker.roles, hooks.home) == ("hooks", "worker", str(settings.home))
        assert (hooks.machine, hooks.version) == (worker.machine, "0.1.0")
        assert hooks.lag_seconds < 10
        seen(address, settings.home, "hooks", "key 1")
        assert read_machines(address)[0].key_check == "key 1"
        assert read_machines(address)[0].started_at == hooks.started_at
    assert read_machines(address) == []
    postgres_machine.stop()
    with present(settings, "hooks"):
        postgres_machine.start()
        wait_until(lambda: read_machines(address))


def test_a_server_that_is_away_is_named(postgres_machine: PostgresServer, tmp_path: Path) -> None:
    nobody = LakeAddress("postgres", "dbname=x host=127.0.0.1 port=1 password=hunter2", "/nowhere/")
    with (
        pytest.raises(LakeBusy, match=r"does not answer: .*Is PostgreSQL running\?") as refused,
        only_one_of_lake(nobody, tmp_path, "sync", "sync"),
    ):
        pytest.fail("there is no server")
    assert "hunter2" not in str(refused.value)
