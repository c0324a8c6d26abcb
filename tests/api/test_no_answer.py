"""What people wrote belongs to no text and no batch: its number for one of them is missing, and not 0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from tests.lakes import begin_lake
from tests.ui.known import known_messages, save
from workbench import Workbench
from workbench.cli import main
from workbench.metrics import METRICS
from workbench.metrics.no_answer import is_of_inbound
from workbench.settings import load_settings

OF_INBOUND = {
    "opt_outs", "revocations_waiting", "revocations_late", "unanswered_questions", "unanswered_age",
    "first_response_p50", "first_response_p90", "reply_time_p50", "reply_time_p90",
    "business_reply_time_p50", "business_reply_time_p90",
}  # fmt: skip
#: Two people of the known lake wrote STOP.
OPT_OUTS = 2


@pytest.fixture(scope="module")
def wb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    home = str(tmp_path_factory.mktemp("no-answer"))
    with begin_lake(load_settings({"WORKBENCH_HOME": home})) as lake:
        save(lake, known_messages())
    with Workbench(load_settings({"WORKBENCH_HOME": home})) as opened:
        yield opened


def numbers(frame: pd.DataFrame, by: str, value: str) -> set[tuple[bool, int | None]]:
    """Whether a row is of a group with a value, and its number."""
    pairs = zip(frame[by], frame[value], strict=True)
    return {(not pd.isna(group), None if pd.isna(number) else int(number)) for group, number in pairs}


def test_which_metrics_are_of_what_people_wrote() -> None:
    assert {name for name in METRICS.built_in if is_of_inbound(name)} == OF_INBOUND


def test_a_group_of_one_text_has_no_number(wb: Workbench) -> None:
    frame = wb.metric("opt_outs", by="template")
    assert numbers(frame, "template", "opt_outs") == {(True, None), (False, OPT_OUTS)}
    assert frame.attrs["no_answer"] == "inbound messages have no text to group by"
    assert numbers(wb.metric("messages", by="template"), "template", "messages") == {(True, 117), (False, 5)}
    by_batch = wb.metric("opt_outs", by=["batch", "day"])
    assert by_batch["opt_outs"].sum() == OPT_OUTS


@pytest.mark.parametrize(("dimension", "word"), [("template", "text"), ("batch", "batch")])
@pytest.mark.parametrize("name", ["opt_outs", "unanswered_questions", "revocations_waiting"])
def test_a_filter_by_one_text_has_no_number(wb: Workbench, dimension: str, word: str, name: str) -> None:
    where = {dimension: "some"}
    frame = wb.metric(name, where=where, allow_unknown=True)
    assert frame[name].isna().all()
    assert frame.attrs["no_answer"] == f"inbound messages have no {word} to filter by"
    frame = wb.explore(name, where=where, allow_unknown=True)
    assert list(frame["value"].isna()) == [True]
    assert frame.attrs["no_answer"] == {name: f"inbound messages have no {word} to filter by"}
    # The messages without a text are a filter that inbound ones pass.
    known = wb.metric("opt_outs", where={dimension: None})
    assert list(known["opt_outs"]) == [OPT_OUTS]
    assert known.attrs["no_answer"] == ""


def test_the_sql_leaves_the_same_numbers_out(wb: Workbench) -> None:
    frame = wb.metric("opt_outs", by="template")
    again = wb.sql(frame.attrs["sql"])
    assert numbers(again, "template", "opt_outs") == {(True, None), (False, OPT_OUTS)}
    frame = wb.metric("opt_outs", where={"batch": "some"}, allow_unknown=True)
    assert wb.sql(frame.attrs["sql"])["opt_outs"].isna().tolist() == [True]


def test_explore_gives_no_number_of_one_text_and_says_why(wb: Workbench) -> None:
    frame = wb.explore(["opt_outs", "messages"], by="template", where={"direction": "outbound-api"})
    opt_outs = frame[frame["metric"] == "opt_outs"]
    assert numbers(opt_outs, "template", "value") == {(True, None), (False, OPT_OUTS)}
    assert frame.attrs["no_answer"] == {"opt_outs": "inbound messages have no text to group by"}
    assert wb.explore("unanswered_questions", where={"direction": "outbound-api"})["value"].tolist() == [2]


def test_the_commands_say_it(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(wb.settings.home))

    def run(*words: str) -> Any:
        done = CliRunner().invoke(main, [*words, "opt_outs", "--by", "template", "--format", "json"])
        assert done.exit_code == 0, done.output
        return [
            (bool(row["template"]), row.get("value", row.get("opt_outs"))) for row in json.loads(done.stdout)
        ], done.stderr

    rows, _ = run("metric")
    assert rows == [(True, None), (False, OPT_OUTS)]
    rows, said = run("explore")
    assert sorted(rows) == [(False, OPT_OUTS), (True, None)]
    assert said == "opt_outs is not known: inbound messages have no text to group by.\n"
