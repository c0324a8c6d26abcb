"""The state file: whose it is, and what a crash may leave of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.conftest import build
from workbench.simulator import Account, Clock, SimulatorError
from workbench.simulator.account.arrivals import receive


def with_a_message(state: Path) -> Account:
    account = build(messages=200, state=state)
    receive(account.main, account.now(), sender=0, contact="+14155550188", body="first")
    receive(account.main, account.now(), sender=0, contact="+14155550188", body="second")
    account.close()
    return account


def test_a_line_cut_short_by_a_crash_is_dropped(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    with_a_message(state)
    whole = state.read_bytes()
    state.write_bytes(whole[:-7])
    again = build(messages=200, state=state)
    assert [message.body for message in again.main.log.extras.values()] == ["first"]
    receive(again.main, again.now(), sender=0, contact="+14155550188", body="third")
    again.close()
    last = build(messages=200, state=state)
    assert [message.body for message in last.main.log.extras.values()] == ["first", "third"]
    last.close()


def test_the_start_is_remembered(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    clock = Clock.frozen("2026-09-01T12:00:00")
    first = Account.build(days=10, messages=200, state=state, clock=clock)
    first.close()
    before = list(first.main.log.everything(first.now()))
    clock.set("2026-09-05T12:00:00")
    again = Account.build(days=10, messages=200, state=state, clock=clock)
    again.close()
    after = list(again.main.log.everything(again.now()))
    assert again.start == first.start
    assert len(after) > len(before)
    assert after[: len(before)] == before


@pytest.mark.parametrize("change", [{"seed": 8}, {"messages": 900}, {"start": "2026-08-04"}])
def test_another_accounts_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    state = tmp_path / "state.jsonl"
    with_a_message(state)
    with pytest.raises(SimulatorError, match="another simulated account"):
        build(**({"messages": 200, "state": state} | change))


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    state.write_text("hello\n")
    with pytest.raises(SimulatorError, match="line 1 is no JSON"):
        build(messages=200, state=state)


def test_values_that_make_no_account() -> None:
    with pytest.raises(
        SimulatorError, match="No company named 'acme'; known: all-channels, company, two-currencies"
    ):
        build(profile="acme")
    with pytest.raises(SimulatorError, match="the account's today is"):
        build(start="2030-01-01")
