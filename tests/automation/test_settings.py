"""Which rules are possible, what a wrong one is told, and that nobody weakens the built-in ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conversations.known import save_known
from tests.lakes import begin_lake
from workbench import Workbench
from workbench.automation.built_in import BUILT_IN
from workbench.automation.rules import automation_rules, open_calendar
from workbench.cli import main
from workbench.errors import ConfigError, NotAllowed
from workbench.roles import Actor, acting_as
from workbench.settings import load_settings

RULE = '[[rules]]\nname = "{name}"\nwhen = "{when}"\n{rest}\n'


def written(rest: str, name: str = "mine", when: str = "message_received") -> str:
    return RULE.format(name=name, when=when, rest=rest)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With templates; its workbench.toml is the test's own."""
    return make_home(tmp_path_factory.mktemp("refused"))


def make_home(folder: Path) -> Path:
    templates = folder / "templates"
    templates.mkdir()
    (templates / "thanks.toml").write_text('body = "Thanks."\n')
    (templates / "order.toml").write_text('body = "Order {{ number }} is on its way."\n')
    return folder


def refusal(home: Path, text: str) -> str:
    (home / "workbench.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        automation_rules(load_settings({"WORKBENCH_HOME": str(home)}))
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (written("then = {}"), "does nothing: write what is done under `then`"),
        (written('then = { label = ["a,b"] }'), "is no label"),
        (written('then = { label = ["Opted-Out"] }'), "is put and taken off by built-in rules only"),
        (written('then = { unlabel = ["opted-out"] }'), "is put and taken off by built-in rules only"),
        (written('then = { label = ["x"] }', name="opt-out-label"), "is a built-in rule"),
        (written("enabled = false", name="opt-out-block"), "is a built-in rule"),
        (written('then = { reply = "thanks" }', when="opted_out"), "nobody who opted out is sent anything"),
        (written('then = { reply = "no" }'), "No template named 'no'"),
        (written('then = { reply = "order" }'), "the blank 'number'; a rule fills name and first_name only"),
        (written('then = { hold = true, reply = "thanks" }'), "leave reply and state out"),
        (written('then = { assign = "a", round_robin = ["b"] }'), "given to one person"),
        (written('then = { round_robin = ["a", "a"] }'), "names somebody twice"),
        (
            written('then = { round_robin = ["a"], rota = { b = "Mon 09:00-10:00" } }'),
            "not in round_robin",
        ),
        (written('then = { round_robin = ["a"], rota = { a = "9-5" } }'), "write days and hours"),
        (written('then = { notify = ["ops"] }'), "the targets of alerts are none yet"),
        (
            '[events.webhooks.shop]\nurl = "https://shop.example.com"\n'
            + written('then = { webhook = ["shopp"] }'),
            "No event webhook named 'shopp'. Did you mean 'shop'? Known: shop. Write [events.webhooks.shopp]",
        ),
        (written('if = { regex = "(?=x)" }\nthen = { stop = true }'), "is no regular expression of RE2"),
        (written('if = { language = ["xx"] }\nthen = { stop = true }'), "language has 'xx'"),
        (written("then = { stop = true }", when="waiting_too_long"), "needs it; write after"),
        (written('after = "4h"\nthen = { stop = true }'), "`after` belongs to"),
        (written("then = { stop = true }") * 2, "mine is there twice"),
        (written("then = { stop = true }", name="Mine"), "up to 40 lower-case letters"),
        (written("then = { stop = true }", when="message"), "it can be 'message_received'"),
        (written("if = { any_wrods = [] }\nthen = { stop = true }"), "Did you mean 'any_words'?"),
        (written("if = { any_words = [] }\nthen = { stop = true }"), "write a list of words"),
        ('[rules]\nname = "x"\n', "write [[rules]] above each"),
    ],
)
def test_what_is_wrong_and_how_to_mend_it(home: Path, text: str, said: str) -> None:
    assert said in refusal(home, text)


def test_config_check_says_what_is_wrong_with_each_rule(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[events.webhooks.shop]\nurl = "https://shop.example.com"\n' + written(
        'then = { webhook = ["shpo"] }'
    )
    (home / "workbench.toml").write_text(text + written('then = { reply = "no" }', name="other"))
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    checked = CliRunner().invoke(main, ["config", "check"])
    assert checked.exit_code == 2
    assert "[[rules]] mine: No event webhook named 'shpo'. Did you mean 'shop'?" in checked.output
    assert "[[rules]] other: No template named 'no'" in checked.output


def test_holidays_need_a_country_whose_holidays_are_known(home: Path) -> None:
    text = written("if = { holiday = true }\nthen = { stop = true }")
    for country, is_known in (("", False), ("DE", False), ("US", True), ("FR", True)):
        head = f'[sending]\ndefault_country = "{country}"\n' if country else ""
        (home / "workbench.toml").write_text(head + text)
        settings = load_settings({"WORKBENCH_HOME": str(home)})
        if is_known:
            assert len(automation_rules(settings)) == 1
            assert len(open_calendar(settings).holidays) == 11
        else:
            with pytest.raises(ConfigError, match=r"needs the public holidays of \[sending\]"):
                automation_rules(settings)


# --- the calls and commands, on a lake that can be followed by eye ---

RULES = """
[[rules]]
name = "orders"
enabled = false
when = "message_received"
if = { any_words = ["order"] }
then = { label = ["orders"], reply = "thanks" }

[[rules]]
name = "pictures"
when = "message_received"
if = { media = true }
then = { label = ["picture"] }

[[rules]]
name = "slow"
when = "waiting_too_long"
after = "20m"
then = { label = ["slow"] }
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    home = make_home(tmp_path_factory.mktemp("known"))
    (home / "workbench.toml").write_text('[sync]\nsince = "2026-09-01"\n' + RULES)
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with begin_lake(settings) as lake:
        save_known(lake)
    with Workbench(settings) as wb:
        yield wb


def test_a_dry_run_on_past_messages_changes_nothing(known: Workbench) -> None:
    lake = known._installation.lake
    before = lake.snapshot_id()
    frame = known.rules.test(since="2026-09-01", rule="orders")
    assert list(frame["body"]) == ["Where is my order?"]
    assert list(frame["reply"]) == ["sends thanks, if the rules of sending let it"]
    assert list(frame["contact"]) == ["+1415***0123"]
    # Nine messages came in, STOP among them, and two of ours failed, one of them to somebody who had written.
    assert (frame.attrs["messages"], frame.attrs["matched"]) == (9, 1)
    assert frame.attrs["as_of"].tzinfo is not None
    every = known.rules.test(since="2026-09-01")
    # Ana waited for 30 minutes once and still waits; Cal for 64 hours, then for 30 minutes; Dee still waits.
    assert every["rule"].value_counts().to_dict() == {"slow": 5, "pictures": 1, "opt-out-label": 1}
    assert lake.snapshot_id() == before


def test_a_dry_run_on_texts_of_a_table(known: Workbench, tmp_path: Path) -> None:
    table = tmp_path / "texts.csv"
    table.write_text(
        "body,from,at,media\nmy order,+14155550123,2026-09-01T10:00+00:00,0\n"
        "order again,+14155550123,2026-09-01T11:00+00:00,0\nhi,,,2\nSTOP,,,0\n"
    )
    frame = known.rules.test(table, rule="orders")
    assert list(frame["reply"]) == [
        "sends thanks, if the rules of sending let it",
        "This rule answered this contact within 24h.",
    ]
    assert list(known.rules.test(table)["rule"]) == ["pictures", "opt-out-label"]


def test_a_switch_is_kept_in_the_lake_and_leaves_the_file_alone(known: Workbench) -> None:
    file = known.settings.home / "workbench.toml"
    text = file.read_bytes()
    rules = known.rules.list().set_index("rule")
    assert list(rules["is_on"][:3]) == [False, True, True]
    assert list(rules.index[3:]) == [rule.name for rule in BUILT_IN]
    known.rules.enable("orders")
    known.rules.disable("pictures")
    rules = known.rules.list().set_index("rule")
    assert list(rules["is_on"][:3]) == [True, False, True]
    assert rules.loc["slow", "set_by"] == "workbench.toml"
    assert file.read_bytes() == text
    assert list(known.audit.show()["action"][:2]) == ["rule-disable", "rule-enable"]


def test_only_an_admin_switches_and_nobody_a_built_in_rule(known: Workbench) -> None:
    for role in ("viewer", "agent"):
        with acting_as(Actor("ana", role)), pytest.raises(NotAllowed, match="switch a rule on or off"):
            known.rules.enable("orders")
    for rule in BUILT_IN:
        with pytest.raises(NotAllowed, match=r"is a built-in rule.*always on"):
            known.rules.disable(rule.name)
    with pytest.raises(Exception, match="Did you mean 'orders'"):
        known.rules.enable("order")


def test_the_commands(known: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(known.settings.home))
    done = CliRunner().invoke(main, ["rules", "test", "--since", "2026-09-01", "--rule", "orders"])
    assert done.exit_code == 0, done.output
    assert "1 of 9 messages since 2026-09-01, as of 20" in done.stderr
    assert "Nothing was changed" in done.stderr
    listed = CliRunner().invoke(main, ["rules", "list", "--format", "json"])
    assert [row["rule"] for row in json.loads(listed.stdout)][:2] == ["orders", "pictures"]
    refused = CliRunner().invoke(main, ["rules", "disable", "opt-out-block"])
    assert refused.exit_code == 2
    assert "always on" in refused.output
    assert CliRunner().invoke(main, ["rules", "history", "--format", "json"]).stdout.strip() == "[]"
