"""A rule that cannot be carried out fails alone: it is noted with the reason, and the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.doctor.conftest import NOW, Patient
from tests.lake.feeding import begin_feed, question, sync
from tests.lakes import begin_lake
from workbench import Workbench
from workbench.api.rules import RuleConsumer
from workbench.automation.plan import RuleChecks
from workbench.automation.run import CONSUMER
from workbench.errors import LakeBusy
from workbench.lake import Lake
from workbench.lake.feed import append_feed, read_cursor, read_feed_position
from workbench.lake.rules import RuleAction, RuleFiring
from workbench.settings import Settings, load_settings

#: Name, what the rule says beside its name and `when`, and what must be told of it.
FAULTS = (
    ("no-template", 'then = { reply = "gone" }', "No template named 'gone'"),
    ("blank", 'then = { reply = "order" }', "has the blank 'number'"),
    ("no-target", 'then = { label = ["x"], notify = ["ops"] }', "the targets of alerts are none yet"),
    ("no-webhook", 'then = { label = ["x"], webhook = ["shop"] }', "No event webhook named 'shop'"),
    ("regex", 'if = { regex = "(?=x)" }\nthen = { label = ["x"] }', "is no regular expression of RE2"),
    ("language", 'if = { language = ["xx"] }\nthen = { label = ["x"] }', "write a code of ISO 639-1"),
    ("holiday", "if = { holiday = true }\nthen = { label = ['x'] }", "needs the public holidays of"),
    ("hours", "if = { business_hours = true }\nthen = { label = ['x'] }", "write days and hours, as Mon-Fri"),
    ("turn", 'then = { round_robin = ["ana", "ben"] }', "write days and hours, as Mon-Fri"),
    ("rota", 'then = { round_robin = ["a"], rota = { a = "9-5" } }', "write days and hours, as Mon-Fri"),
    ("nothing", "then = {}", "does nothing: write what is done under `then`"),
    ("reserved", 'then = { unlabel = ["opted-out"] }', "by built-in rules only"),
    ("length", 'after = "4h"\nthen = { label = ["x"] }', "`after` belongs to"),
)  # fmt: skip
RULE = '[[rules]]\nname = "{}"\nwhen = "{}"\n{}\n'
TEXT = (
    '[conversations]\nbusiness_hours = ["nine to five"]\n'
    + "".join(RULE.format(name, "message_received", rest) for name, rest, _ in FAULTS)
    + RULE.format("reply-to-stop", "opted_out", 'then = { reply = "order" }')
    + RULE.format("hold", "message_received", 'if = { any_words = ["lawyer"] }\nthen = { hold = true }')
    + RULE.format("later", "message_received", 'then = { label = ["seen"] }')
)
CONTACTS = (f"+1415555{number:04}" for number in count(2000))
NUMBERS = count(1)


class Rules:
    """The consumer of the worker over a lake, without a server or credentials."""

    def __init__(self, settings: Settings, lake: Lake) -> None:
        self.settings, self.lake, self.consumer = settings, begin_feed(lake), RuleConsumer()
        self.now = datetime.now(UTC)
        self.consumer(lake, settings, self.now)

    def receive(self, *bodies: str) -> list[str]:
        """Each body comes from another contact; the contacts."""
        contacts = [next(CONTACTS) for _ in bodies]
        self.now += timedelta(seconds=5)
        rows = [question(next(NUMBERS), *each, at=self.now) for each in zip(contacts, bodies, strict=True)]
        sync(self.lake, *rows, at=self.now)
        return contacts

    def act(self) -> None:
        append_feed(self.lake, self.now)
        self.consumer(self.lake, self.settings, self.now)

    def labels(self, contact: str) -> list[str]:
        return list(self.lake.value("select labels from conversations where contact = ?", [contact]) or ())

    @property
    def is_at_the_end(self) -> bool:
        return read_cursor(self.lake, CONSUMER) == read_feed_position(self.lake).last


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "templates").mkdir()
    (folder / "templates" / "order.toml").write_text('body = "Order {{ number }} is on its way."\n')
    (folder / "workbench.toml").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def rules(home: Path) -> Iterator[Rules]:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with begin_lake(settings) as lake:
        yield Rules(settings, lake)


def test_each_fault_is_noted_and_the_others_go_on(rules: Rules) -> None:
    asking, stopping = rules.receive("Where is my order?", "STOP")
    rules.act()
    with Workbench(rules.settings) as wb:
        history = wb.rules.history().set_index("rule")
        listed = wb.rules.list().set_index("rule")
    assert set(history.index) == {name for name, _, _ in FAULTS} | {"reply-to-stop", "later", "opt-out-label"}
    for name, _, said in FAULTS:
        assert history.loc[name, "outcome"] == "failed", name
        did = str(history.loc[name, "did"])
        assert f"The rule {name} cannot be carried out: " in did
        assert said in did
        assert said in str(listed.loc[name, "fault"])
    assert "nobody who opted out is sent anything" in str(history.loc["reply-to-stop", "did"])
    assert list(history.loc[["later", "opt-out-label"], "outcome"]) == ["done", "done"]
    assert (rules.labels(asking), rules.labels(stopping)) == (["seen"], ["opted-out"])
    assert rules.is_at_the_end
    rules.act()
    assert rules.lake.value("select count(*) from rule_firings") == len(FAULTS) + 3


def test_what_the_doctor_says_of_them(rules: Rules) -> None:
    rules.lake.write(
        lambda cursor: cursor.execute("update rule_firings set claimed_at = ?", [NOW - timedelta(hours=2)])
    )
    patient = Patient(rules.settings, rules.lake)
    results = {result.subject: result for result in patient.results("rules")}
    assert results.keys() == {name for name, _, _ in FAULTS} | {"reply-to-stop"}
    assert "The rule no-template cannot be carried out: No template named 'gone'" in (
        results["no-template"].evidence
    )
    with Workbench(rules.settings) as wb:
        (problem,) = [each for each in wb.doctor("settings").results if "no-template" in each.evidence]
    assert problem.state == "failure"


def test_a_template_that_comes_and_goes_is_seen_without_a_new_start(rules: Rules, home: Path) -> None:
    template = home / "templates" / "gone.toml"
    outcomes = []
    for is_there in (True, False):
        if is_there:
            template.write_text('body = "Thanks."\n')
        else:
            template.unlink()
        rules.receive("Hello?")
        rules.act()
        last = "select outcome, actions from rule_firings where rule = 'no-template' order by claimed_at desc"
        outcomes.append(rules.lake.rows(last)[0])
    assert [outcome for outcome, _ in outcomes] == ["failed"] * 2
    assert ["cannot be carried out" in actions for _, actions in outcomes] == [False, True]
    assert "There are no credentials to send with." in outcomes[0][1]


def test_a_fault_of_the_product_itself_is_contained_too(rules: Rules) -> None:
    rounds = rules.consumer._rounds
    assert rounds is not None

    def broken(target: str, firing: RuleFiring) -> RuleAction:
        raise KeyError("+14155550123")

    later = rules.settings.rules["later"]
    rule = replace(later, actions=replace(later.actions, notify=("ops",)))
    tools, all_rules = rounds.tools, rounds.rules
    rounds.tools = replace(tools, tell=broken, checks=RuleChecks())
    rounds.rules = (rule, rules.settings.rules["hold"])
    (contact,) = rules.receive("My lawyer asks")
    rules.act()
    rounds.tools, rounds.rules = tools, all_rules
    assert rules.labels(contact) == ["held", "seen"]
    last = "select actions from rule_firings where rule = 'later' order by claimed_at desc"
    actions = rules.lake.rows(last)[0][0]
    assert "cannot be carried out (KeyError); the log of `workbench serve` says where" in actions
    assert "4155550123" not in actions
    assert rules.is_at_the_end


def test_an_error_of_the_lake_stops_everything_and_nothing_is_lost(
    rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    (contact,) = rules.receive("Hello again")
    append_feed(rules.lake, rules.now)
    before = read_cursor(rules.lake, CONSUMER)

    def busy(*_: object) -> None:
        raise LakeBusy("Another process holds the lake.")

    with monkeypatch.context() as patch:
        patch.setattr("workbench.automation.fire.write_event", busy)
        with pytest.raises(LakeBusy):
            rules.consumer(rules.lake, rules.settings, rules.now)
    assert read_cursor(rules.lake, CONSUMER) == before
    assert rules.lake.rows("select 1 from rule_firings where claimed_at = ?", [rules.now]) == []
    rules.act()
    assert "seen" in rules.labels(contact)
