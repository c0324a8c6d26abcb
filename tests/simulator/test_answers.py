"""People answer what the user of an account sends, soon, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.simulator.conftest import Api, build
from workbench.simulator import serve
from workbench.simulator.account.answers import People, answer_to
from workbench.simulator.account.log import EXTRA

SUPPORT = "+14155550104"


@contextmanager
def conversations(count: int) -> Iterator[tuple[Api, list[str]]]:
    """An account to which so many people just wrote."""
    with serve(build()) as server:
        api = Api(server)
        people = [f"+1206555{number:04}" for number in range(1000, 1000 + count)]
        with api.http:
            for person in people:
                api.control("inbound", **{"from": person, "to": SUPPORT, "body": "Is my order on its way?"})
            yield api, people


def inbound_of(api: Api, person: str) -> list[str]:
    return [row["body"] for row in api.walk(From=person)]


def test_most_people_in_a_conversation_answer_within_half_a_minute_and_few_others_do() -> None:
    with conversations(60) as (api, people):
        audience = People(api.account)
        strangers = [f"+1312555{number:04}" for number in range(1000, 1060)]
        for to in (*people, *strangers):
            assert api.create(To=to, From=SUPPORT, Body="It arrives tomorrow.").status_code == 201
        audience.write()
        # The number sends one segment a second, so the last of them leaves after two minutes.
        api.account.clock.advance(180)
        audience.write()
        answered = [person for person in people if len(inbound_of(api, person)) > 1]
        came_back = [stranger for stranger in strangers if inbound_of(api, stranger)]
        assert 40 <= len(answered) <= 60
        assert len(came_back) <= 12
        # Nobody answers twice, and nobody answers an answer.
        assert audience.write() == []
        extras = api.account.main.log.extras.values()
        waits = [answer.at - message.created - max(message.sent, message.done)
                 for message in extras if (answer := answer_to(api.account.main, message))]  # fmt: skip
        assert all(4 <= wait <= 30 for wait in waits)


def test_whoever_opted_out_stays_silent_and_old_messages_are_not_answered() -> None:
    with conversations(1) as (api, [person]):
        assert api.create(To=person, From=SUPPORT, Body="Before anybody listened.").status_code == 201
        audience = People(api.account)
        api.account.clock.advance(120)
        assert audience.write() == []
        assert api.create(To=person, From=SUPPORT, Body="It arrives tomorrow.").status_code == 201
        api.control("inbound", **{"from": person, "to": SUPPORT, "body": "STOP"})
        audience.write()
        api.account.clock.advance(120)
        assert audience.write() == []


def test_a_running_server_lets_people_answer_when_it_is_told_to() -> None:
    with conversations(1) as (api, [person]):
        ledger = api.account.main
        api.control("options", people_answer=True)
        api.account.clock.run(60)
        # Some message of a few is answered by anybody; the next one is sent when the last one was not.
        for _ in range(5):
            before = len(ledger.log.extras)
            assert api.create(To=person, From=SUPPORT, Body="Tell me more.").status_code == 201
            if answer_to(ledger, ledger.log.extras[EXTRA + before]):
                break
        for _ in range(1_000):
            if len(inbound_of(api, person)) > 1:
                break
        assert len(inbound_of(api, person)) > 1
