"""Problems planted in a month of traffic stand in the first lines; an ordinary account has no bad one."""

from __future__ import annotations

import pytest

from benchmarks.findings import PROBLEMS, SHOWN, Account, look_at, place_of

PLANTED = {problem.name: problem for problem in PROBLEMS}


@pytest.mark.parametrize(
    "name",
    [
        "unregistered senders", "a template is filtered on a day", "no receipts from a country",
        "a price rises abroad", "an hour fails", "receipts come late",
        "messages after an opt-out", "sends in quiet hours", "opt-out requests past the deadline",
    ],
)  # fmt: skip
def test_a_planted_problem_is_in_the_first_lines(name: str) -> None:
    account = Account(seed=7)
    PLANTED[name].plant(account)
    assert place_of(PLANTED[name], look_at(account)[:SHOWN]) is not None


def test_an_ordinary_account_has_nothing_bad() -> None:
    assert [finding.title for finding in look_at(Account(seed=8)) if finding.sense == "bad"] == []
