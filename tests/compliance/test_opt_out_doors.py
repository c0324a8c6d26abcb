"""Whether somebody may be written to is one answer, whoever asks: over random histories of said and seen.

The answer itself is worked out here once more, by hand and without SQL, from the sentences of the definition.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.messages import payload
from workbench.conversations.consent import read_consent
from workbench.conversations.find import Conversation
from workbench.lake import Lake, open_lake
from workbench.lake.consent import ConsentEvent, Side, find_suppressions, save_consent_events
from workbench.lake.memberships import note_pools
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy
from workbench.messaging.quiet_hours import load_rules
from workbench.sending.facts import FactReader
from workbench.sending.outbox import Claim, Intent, claim
from workbench.sending.outgoing import Outgoing
from workbench.settings import load_settings

SENDERS = ("+12025550110", "+12025550111", "+12025550112")
SERVICES = ("MG" + "1" * 32, "MG" + "2" * 32)
END = datetime(2026, 9, 20, tzinfo=UTC)
SIDES = [(sender, None) for sender in SENDERS] + [(None, service) for service in SERVICES]
numbers = count(1)


@dataclass(frozen=True)
class Said:
    """A keyword, heard by a sender, whose service the message may name; or a line of a file, of a scope."""

    kind: str
    sender: str | None = None
    service: str | None = None
    scope: str | None = None


@dataclass(frozen=True)
class Pools:
    """All services were read, and this is who was in which."""

    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sent:
    """A message that names its sender and its service."""

    sender: str
    service: str


keywords = st.builds(Said, st.sampled_from(["opt-out", "opt-out", "opt-in"]), st.sampled_from(SENDERS))
lines = st.builds(
    Said, st.sampled_from(["opt-out", "opt-in"]), scope=st.sampled_from(["*", *SENDERS, *SERVICES])
)
pools = st.builds(
    lambda chosen: Pools(tuple((s, m) for s, m in zip(SENDERS, chosen, strict=True) if m)),
    st.tuples(*[st.sampled_from([None, *SERVICES])] * len(SENDERS)),
)
proofs = st.builds(Sent, st.sampled_from(SENDERS), st.sampled_from(SERVICES))
named = st.builds(
    Said, st.sampled_from(["opt-out", "opt-in"]), st.sampled_from(SENDERS), st.sampled_from(SERVICES)
)
histories = st.lists(
    st.one_of(keywords, keywords, lines, pools, pools, proofs, named), min_size=1, max_size=7
)
Step = Said | Pools | Sent


class Model:
    """The definition, step by step; a step's index is its time."""

    def __init__(self, steps: list[Step]) -> None:
        self.said = [(at, step) for at, step in enumerate(steps) if isinstance(step, Said)]
        self.reads = [at for at, step in enumerate(steps) if isinstance(step, Pools)]
        self.runs: dict[tuple[str, str], list[list[float | None]]] = {}
        self.listed = bool(self.reads)
        for at, step in enumerate(steps):
            seen = set(step.members) if isinstance(step, Pools) else set()
            if isinstance(step, Sent) or (isinstance(step, Said) and step.service):
                assert step.sender
                assert step.service
                seen = {(step.sender, step.service)}
            if isinstance(step, Pools):
                for pair, runs in self.runs.items():
                    if pair not in seen and runs[-1][2] is None:
                        before = [read for read in self.reads if read < at]
                        runs[-1][1:] = [max([runs[-1][0] or 0, *before]), at]
            for pair in seen:
                runs = self.runs.setdefault(pair, [])
                if not runs or runs[-1][2] is not None:
                    runs.append([at, None, None])

    def later(self, sender: str, at: float) -> set[str]:
        """The services that a sender was in at a time or later."""
        return {m for (s, m), runs in self.runs.items() if s == sender
                for _, _, left in runs if left is None or left > at}  # fmt: skip

    def surely(self, sender: str, at: float) -> set[str]:
        """The services that a sender was seen in at a time."""
        return {m for (s, m), runs in self.runs.items() if s == sender
                for first, until, left in runs
                if (first or 0) <= at and (left is None or at <= (until or 0))}  # fmt: skip

    def still(self, sender: str, service: str, at: float) -> bool:
        return service in self.later(sender, at)

    def is_known(self, sender: str) -> bool:
        return self.listed or any(s == sender for s, _ in self.runs)

    def names(self, said: Said) -> set[str]:
        """What an event names."""
        return {name for name in (said.scope, said.sender, said.service) if name}

    def heard_by(self, said: Said) -> str | None:
        scope = said.scope if said.scope and said.scope.startswith("+") else None
        return said.sender or scope

    def is_lifted(self, out_at: int, out: Said, node: str, heard_by: str | None) -> bool:
        """Whether a later opt-in reaches what the opt-out reached, by its name or by way of its sender."""
        for at, step in self.said:
            if step.kind != "opt-in" or at <= out_at:
                continue
            names, speaker = self.names(step), self.heard_by(step)
            if "*" in names:
                return True
            if node == "*":
                continue
            reached = names | (self.surely(speaker, at) if speaker else set())
            if node in reached or (node == heard_by and reached & self.surely(node, at)):
                return True
            follows = node not in self.names(out)
            if follows and heard_by in names and (node == "any" or self.still(heard_by or "", node, at)):
                return True
        return False

    def is_blocked(self, sender: str | None, service: str | None) -> bool:
        return any(self.holds(at, out, sender, service) for at, out in self.said if out.kind == "opt-out")

    def holds(self, at: int, out: Said, sender: str | None, service: str | None) -> bool:
        heard_by = self.heard_by(out)
        nodes = self.names(out) | (self.later(heard_by, at) if heard_by else set())
        if heard_by and not self.is_known(heard_by):
            nodes.add("any")
        alive = {node for node in nodes if not self.is_lifted(at, out, node, heard_by)}
        if alive & {"*", sender, service} or (service and "any" in alive):
            return True
        if sender is None:
            members = {s for s in SENDERS if self._is_open(s, service)}
            theirs = {m for s in members for m in self.later(s, at)}
            return bool(alive & (members | theirs))
        theirs = self.later(sender, at)
        is_shared = bool(alive & theirs) or ("any" in alive and bool(theirs))
        if not self.is_known(sender):
            is_shared |= "any" in alive or any(node in SERVICES for node in alive)
        came_back = any(
            step.kind == "opt-in" and later > at and self.heard_by(step) == sender
            for later, step in self.said
        )
        return is_shared and not came_back

    def _is_open(self, sender: str, service: str | None) -> bool:
        runs = self.runs.get((sender, service or ""), [])
        return bool(runs) and runs[-1][2] is None


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One lake for all histories: each has an account and a person of its own."""
    home: Path = tmp_path_factory.mktemp("doors")
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as opened:
        yield opened


def play(lake: Lake, steps: list[Step], account: str, person: str) -> None:
    for index, step in enumerate(steps):
        at = END - timedelta(days=10) + timedelta(hours=index)
        if isinstance(step, Pools):
            lake.write(
                lambda cursor, step=step, at=at: note_pools(cursor, account, step.members, at, listed=SENDERS)  # type: ignore[misc]
            )
        elif isinstance(step, Said) and step.scope:
            event = ConsentEvent(account, person, step.scope, step.kind, "file", at)
            lake.write(lambda cursor, event=event, at=at: save_consent_events(cursor, [event], at))  # type: ignore[misc]
        elif isinstance(step, Said):
            sides = {"from": person, "to": step.sender, "direction": "inbound", "status": "received"}
            body = "STOP" if step.kind == "opt-out" else "START"
            save(lake, account, at, {"body": body, "messaging_service_sid": step.service, **sides})
        else:
            sides = {"from": step.sender, "to": "+14155550999"}
            save(lake, account, at, {"messaging_service_sid": step.service, **sides})


def save(lake: Lake, account: str, at: datetime, *changes: Mapping[str, object]) -> list[str]:
    items = [
        payload(next(numbers), account_sid=account, date_created=at, date_sent=at, **each) for each in changes
    ]
    table = message_table([message_row(item) for item in items])
    lake.write(lambda cursor: save_messages(cursor, table, source="callback", received_at=END))
    return [str(item["sid"]) for item in items]


def answers(lake: Lake, account: str, person: str) -> dict[str, dict[tuple[str | None, str | None], bool]]:
    """What each door says: by side of ours, whether this person must not be written to from there."""
    sides = [Side(account, sender, service) for sender, service in SIDES]
    outgoing = [Outgoing(to=person, body="Hello", sender=side.sender, service=side.service) for side in sides]
    conversations = [
        Conversation("CV" + "0" * 24, side.service or side.sender or "", person, account, side.sender)
        for side in sides
    ]
    with lake.cursor() as cursor:
        facts = FactReader(account, Privacy(), load_rules(), {}).read(cursor, outgoing, END)
        suppressions = [find_suppressions(cursor, [person], side) for side in sides]

    def claim_all(cursor: duckdb.DuckDBPyConnection) -> list[Claim]:
        people = {person: (person,)}
        return [
            claim(cursor, [intent(side, person)], people, side, lambda claimed: False)[0] for side in sides
        ]

    with lake.version() as version:
        standings = [read_consent(version, conversation).standing for conversation in conversations]
    doors = {
        "ledger": [bool(opt_outs) for opt_outs in suppressions],
        "send check": [bool(side_facts.suppressions) for side_facts in facts],
        "claim": [claimed.answer == "opted out" for claimed in lake.write(claim_all)],
        "inbox": [standing == "opted-out" for standing in standings],
    }
    return {door: dict(zip(SIDES, said, strict=True)) for door, said in doors.items()}


def intent(side: Side, person: str) -> Intent:
    return Intent(
        key=f"{side}", attempt=0, state="intended", intended_at=END, batch="b", account_sid=side.account_sid,
        contact=person, sender=side.sender, messaging_service_sid=side.service, fingerprint=None, segments=1,
        media_count=0, send_at=None, price=None, currency=None, actor="a", owner="o",
    )  # fmt: skip


HISTORIES = int(os.environ.get("WORKBENCH_TEST_HISTORIES", "4"))
"""Each asks all doors, which takes some ten seconds; more of them find more."""


@given(histories)
@settings(
    max_examples=HISTORIES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_door_gives_the_answer_of_the_definition(ledger: Lake, steps: list[Step]) -> None:
    number = next(numbers)
    account, person = f"AC{number:032x}", f"+1415{number:07d}"
    play(ledger, steps, account, person)
    model = Model(steps)
    expected = {side: model.is_blocked(*side) for side in SIDES}
    for door, said in answers(ledger, account, person).items():
        assert said == expected, door
    # Only now are messages sent, which prove memberships themselves.
    sids = save(
        ledger, account, END,
        *({"to": person, "from": sender, "messaging_service_sid": service} for sender, service in SIDES),
    )  # fmt: skip
    by_sid = dict(zip(sids, SIDES, strict=True))
    counted = ledger.rows("select message_sid from audit_after_opt_out where account_sid = ?", [account])
    assert {by_sid[sid] for (sid,) in counted if sid in by_sid} == {s for s, is_ in expected.items() if is_}
    is_listed = bool(ledger.rows("select 1 from suppressions where address = ?", [person]))
    assert is_listed or not any(expected.values())
