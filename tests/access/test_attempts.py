"""Pauses after failures: longer and longer, per address and per name, and never for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.server.access.attempts import FREE_TRIES, Attempts


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_pauses_double_for_an_address_up_to_a_quarter_of_an_hour() -> None:
    clock = Clock()
    attempts, waits = Attempts(clock), []
    for number in range(20):
        assert attempts.take(f"name{number}", "192.0.2.1") == 0
        wait = attempts.take("somebody", "192.0.2.1")
        waits.append(wait)
        clock.now += wait
    assert waits[:8] == [0, 0, 1, 2, 4, 8, 16, 32]
    assert max(waits) == 900.0


def test_a_name_is_never_kept_out_for_long() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for number in range(200):
        clock.now += attempts.take("ana", f"192.0.2.{number}")
        attempts.take("ana", f"198.51.100.{number}")
    assert 0 < attempts.take("ana", "203.0.113.1") <= 45


def test_a_success_begins_anew_and_others_are_not_slowed() -> None:
    attempts = Attempts(Clock())
    for _ in range(FREE_TRIES):
        attempts.take("ana", "192.0.2.1")
    assert attempts.take("ana", "192.0.2.1") > 0
    assert attempts.take("bo", "192.0.2.2") == 0
    attempts.succeeded("ana", "192.0.2.1")
    assert attempts.take("ana", "192.0.2.1") == 0


def test_a_network_of_ipv6_is_one_address() -> None:
    attempts = Attempts(Clock())
    for number in range(FREE_TRIES):
        attempts.take(f"n{number}", f"2001:db8:1:2::{number}")
    assert attempts.take("x", "2001:db8:1:2:ffff::9") > 0
    assert attempts.take("x", "2001:db8:1:3::9") == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["1.1.1.1", "2.2.2.2"])), max_size=60))
def test_no_more_than_the_free_tries_pass_at_one_moment(tries: list[tuple[str, str]]) -> None:
    attempts = Attempts(Clock())
    passed = [pair for pair in tries if attempts.take(*pair) == 0]
    for position in (0, 1):
        values = [pair[position] for pair in passed]
        assert all(values.count(value) <= FREE_TRIES for value in values)
