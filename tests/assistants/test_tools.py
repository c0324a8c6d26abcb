"""What each tool answers: the numbers of the pages, masked, bounded, and texts as data."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.assistants.conftest import CALLERS, Ask
from tests.assistants.hostile import INJECTIONS, STRANGER
from tests.lakes import begin_lake
from tests.messages import payload
from tests.ui.known import AMERICAN, GERMAN, OURS, at, save
from workbench.api.installation import Installation
from workbench.lake import open_lake
from workbench.settings import load_settings

WEEK = {"since": "2025-03-03", "until": "2025-03-10"}
ALL = {"since": "2025-01-01", "until": "2025-12-31"}
WHOLE = (OURS, AMERICAN, GERMAN, STRANGER, "+14155550199")


def data_of(result: Any) -> dict[str, Any]:
    assert not result.is_error, result.content[0].text
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def error_of(result: Any) -> str:
    assert result.is_error
    return str(result.content[0].text)


def test_a_rate_with_all_that_is_needed_to_trust_it(ask: Ask) -> None:
    answer = data_of(ask("query_metric", metric="delivery_rate", **WEEK))
    assert answer["rows"] == [{"delivery_rate": pytest.approx(50 / 63), "sample_size": 63, "in_flight": 4}]
    assert answer["summary"] == "Delivery rate, 3 Mar – 9 Mar 2025 (UTC): 79.4 % of 63."
    assert answer["metric"]["denominator"] == "outbound messages with a final status (canceled ones excepted)"
    assert answer["link"] == (
        "https://workbench.example.com/failures?since=2025-03-03&until=2025-03-10&direction=all"
    )
    assert not answer["link_shows_more"]
    assert re.match(r"20\d\d-\d\d-\d\dT", answer["as_of"])


def test_its_sql_gives_the_same_by_itself(ask: Ask, installation: Installation) -> None:
    answer = data_of(ask("query_metric", metric="delivery_rate", by=["sender"], **WEEK))
    rows = installation.sql_door.frame(answer["sql"]).to_dict("records")
    assert [row["delivery_rate"] for row in answer["rows"]] == [row["delivery_rate"] for row in rows]
    assert [row["sender"] for row in answer["rows"]] == ["+1202***0110", "‹b›ACME‹/b›"]


def test_opt_outs_of_one_text_are_not_known(ask: Ask) -> None:
    answer = data_of(ask("query_metric", metric="opt_outs", by=["template"], **WEEK))
    assert sorted((row["template"] is None, row["opt_outs"]) for row in answer["rows"]) == [
        (False, None), (True, 2)
    ]  # fmt: skip
    assert answer["no_answer"] == "inbound messages have no text to group by"


def test_campaigns_are_rows_with_their_text_as_data(ask: Ask) -> None:
    """One text to two people, who are too few for rates of people."""
    answer = data_of(ask("list_campaigns", **WEEK))
    [row] = [row for row in answer["rows"] if row["currency"] == "USD"]
    assert (row["messages"], row["delivered"], row["delivery_rate_sample"]) == (67, 50, 63)
    assert row["delivery_rate"] == pytest.approx(50 / 63)
    assert (row["people"], row["too_few"], row["health"]) == (2, True, None)
    assert "text" not in row
    assert row["untrusted_text"] == "Your parcel is on its way."
    assert answer["link"] == (
        "https://workbench.example.com/campaigns?since=2025-03-03&until=2025-03-10&direction=all"
    )
    compared = data_of(ask("compare_campaigns", first=row["campaign"], day="2025-03-07", **WEEK))
    assert compared["summary"].endswith(
        "After has too few messages to compare deliveries: 10, at least 30 are needed."
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"first": "T0"}, "give a second campaign or a day"),
        ({"first": "T0", "second": "T1"}, "No outbound message of this period"),
        ({"first": "T0", "second": "T1", "where": {"country": "ZZ"}}, "No country named 'ZZ'"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused(ask: Ask, arguments: dict[str, Any], words: str) -> None:
    assert words in error_of(ask("compare_campaigns", **WEEK, **arguments))


@pytest.mark.parametrize(
    ("metric", "by", "sql"),
    [
        ("messages", "country", "count(*)"),
        ("segments", "country", "sum(segments)"),
        ("not_delivered", "status", "count(*) filter (is_outbound and status in ('undelivered', 'failed'))"),
        ("spend", "country", "sum(spend)"),
    ],
)
def test_numbers_are_those_that_sql_counts(
    ask: Ask, installation: Installation, metric: str, by: str, sql: str
) -> None:
    answer = data_of(ask("query_metric", metric=metric, by=[by], **WEEK))
    counted = installation.sql_door.frame(
        f"select {by}, {sql} as n from messages where date_created >= '2025-03-03' and "
        f"date_created < '2025-03-10' group by {by}"
    )
    expected = {
        row[by]: pytest.approx(float(row["n"])) for row in counted.to_dict("records") if row["n"] == row["n"]
    }
    totals: dict[str, float] = {}
    for row in answer["rows"]:
        if row[metric] is not None:
            totals[row[by]] = totals.get(row[by], 0.0) + row[metric]
    assert totals == expected


def test_numbers_are_those_of_the_pages(ask: Ask, installation: Installation) -> None:
    from workbench.ui.store import Store

    page = Store(installation.reader).metric("delivery_rate", ("country",), {}, "2025-03-03", "2025-03-10")
    answer = data_of(ask("query_metric", metric="delivery_rate", by=["country"], **WEEK))
    values = [row["delivery_rate"] for row in answer["rows"]]
    assert values == [None if rate != rate else rate for rate in page.frame["delivery_rate"]]


def test_money_has_its_currency_and_priced_share(ask: Ask) -> None:
    answer = data_of(ask("query_metric", metric="spend", where={"direction": "outbound-api"}, **WEEK))
    assert [(row["currency"], row["spend"]) for row in answer["rows"] if row["spend"]] == [
        ("EUR", pytest.approx(0.5)),
        ("USD", pytest.approx(51 * 0.0083)),
    ]
    assert all("priced_share" in row for row in answer["rows"])


def test_a_masked_sender_is_a_filter(ask: Ask) -> None:
    answer = data_of(ask("query_metric", metric="messages", where={"sender": "+1202***0110"}, **WEEK))
    assert answer["rows"] == [{"messages": 62}]
    assert "sender=%2B1202%2A%2A%2A0110" in answer["link"]
    assert OURS not in json.dumps(answer)


def test_the_worst_comes_first_and_too_few_last(ask: Ask) -> None:
    answer = data_of(ask("query_metric", metric="delivery_rate", by=["sender"], sort="smallest", **WEEK))
    assert [(row["sender"], row.get("too_few", False)) for row in answer["rows"]] == [
        ("+1202***0110", False),
        ("‹b›ACME‹/b›", True),
    ]


def test_rows_are_bounded_and_the_rest_can_be_had(ask: Ask) -> None:
    asked = {"metric": "messages", "by": ["day"], **ALL}
    whole = data_of(ask("query_metric", **asked))["rows"]
    pages, offset = [], 0
    while True:
        answer = data_of(ask("query_metric", limit=3, offset=offset, **asked))
        pages += answer["rows"]
        offset += len(answer["rows"])
        assert answer["total_rows"] == len(whole) == 9
        if not answer["truncated"]:
            break
        assert answer["rest"] == f"{9 - offset} more: ask again with offset={offset}, or filter more."
    assert pages == whole


def test_many_large_rows_are_cut_by_their_size(ask: Ask) -> None:
    answer = data_of(ask("sql", query="select repeat('x', 3900) from range(100)", limit=100))
    assert answer["truncated"]
    assert 10 < answer["rows"] < 20
    assert len(json.dumps(answer)) < 70_000


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("query_metric", {"metric": "delivery_rat"}, "Did you mean 'delivery_rate'?"),
        ("query_metric", {"metric": "messages", "filter": {"country": "US"}}, "has no argument 'filter'"),
        (
            "query_metric",
            {"metric": "messages", "limit": 5000},
            "limit: Input should be less than or equal to",
        ),
        ("query_metric", {"metric": "messages", "since": "yesterday"}, "write a date as 2026-09-01"),
        ("query_metric", {"metric": "messages", "until": "2025-03-01"}, "there is no since"),
        ("query_metric", {"metric": "messages", "timezone": "Mars"}, "Mars"),
        ("query_metric", {"metric": "messages", "where": {"country": "ZZ"}}, "No country named 'ZZ'"),
        ("query_metric", {}, "metric: Field required"),
        ("explain_change", {"metric": "queue_wait_p95"}, "neither a sum nor a rate"),
        ("explain_error_code", {"code": "abc"}, "is no error code"),
        ("read_conversation", {"conversation": AMERICAN}, "give an id of list_conversations"),
        ("list_conversations", {"view": "mine"}, "view: Input should be"),
        ("sql", {"query": "drop table messages"}, "SQL can only read the lake"),
        ("no_such_tool", {}, "Unknown tool"),
    ],
)
def test_errors_say_what_is_allowed(ask: Ask, tool: str, arguments: dict[str, Any], words: str) -> None:
    text = error_of(ask(tool, **arguments))
    assert words in text
    assert "Traceback" not in text
    assert AMERICAN not in text


def test_what_changed_is_what_the_overview_says(ask: Ask, installation: Installation) -> None:
    answer = data_of(ask("what_changed", **WEEK))
    assert answer["compared_with"].startswith("24 Feb – 2 Mar 2025")
    titles = [finding["title"] for finding in answer["findings"]]
    assert any("30003" in title or "was paid for messages that did not arrive" in title for title in titles)
    from workbench.ui.page import Page
    from workbench.ui.page_data import PageData
    from workbench.ui.page_reading import read_page_data
    from workbench.ui.panels.findings import what_changed
    from workbench.ui.store import Store

    page = Page("overview", "Overview: all.", [])
    data, problems = read_page_data(page, "since=2025-03-03&until=2025-03-10", Store(installation.reader))
    assert isinstance(data, PageData)
    assert problems == ()
    assert [finding.title for finding in what_changed(data)] == titles


def test_the_parts_of_a_change_add_up(ask: Ask) -> None:
    answer = data_of(ask("explain_change", metric="delivery_rate", **WEEK))
    change = 50 / 63 - 40 / 50
    assert answer["change"]["all"] == pytest.approx(change)
    assert (answer["sample_before"], answer["sample_now"]) == (50, 63)
    assert answer["is_more_than_chance"] is False
    assert [part["dimension"] for part in answer["by"]] == [
        "sender", "country", "error_code", "messaging_service",
    ]  # fmt: skip
    for part in answer["by"]:
        assert part["sum_of_contributions"] == pytest.approx(change, abs=1e-9)
        listed = sum(row["contribution"] for row in part["rows"])
        assert listed + part["others_contribution"] == pytest.approx(change, abs=1e-9)
    senders = {row["value"]: row for row in answer["by"][0]["rows"]}
    assert senders["+1202***0110"]["now"] == pytest.approx(40 / 53)
    assert senders["‹b›ACME‹/b›"]["too_few"]
    codes = {row["value"]: row for row in answer["by"][2]["rows"]}
    assert codes["30005"]["contribution"] > 0.1  # ten of fifty before, none now
    assert codes["30005"]["by_own_rate"] is None
    assert not codes["30005"]["too_few"]


def test_amounts_are_taken_apart_by_currency(ask: Ask) -> None:
    answer = data_of(ask("explain_change", metric="spend", by=["country"], **WEEK))
    assert set(answer["change"]) == {"EUR", "USD"}
    for part in answer["by"]:
        assert part["sum_of_contributions"] == pytest.approx(answer["change"][part["currency"]])


def test_an_error_code_is_explained_with_what_happened_here(ask: Ask) -> None:
    answer = data_of(ask("explain_error_code", code="30003"))
    assert answer["code"] == 30003
    assert answer["happened_here"][0].startswith("here: 6 messages")
    assert "sender +1202***0110: 6 messages" in answer["happened_here"]
    assert answer["link"] == "https://workbench.example.com/messages?error_code=30003"


def test_bodies_come_as_data_and_nothing_in_them_leaves_its_field(ask: Ask) -> None:
    answer = ask("list_messages", since="2025-03-20", until="2025-03-21", limit=50)
    messages = data_of(answer)["messages"]
    assert len(messages) == len(INJECTIONS)
    # The text block is the same JSON: a client that reads texts only gets the same fields.
    summary, text = (block.text for block in answer.content)
    assert json.loads(text)["messages"] == messages
    assert summary == "9 messages, 9 of them here, newest first."
    fields = {
        "message_sid", "date_created", "direction", "sender", "sender_name", "contact", "country", "status",
        "error_code", "reason", "segments", "spend", "currency", "media", "conversation", "untrusted_text",
        "untrusted_content",
    }  # fmt: skip
    assert all(set(message) == fields for message in messages)
    for message in messages:
        others = json.dumps({name: value for name, value in message.items() if name != "untrusted_text"})
        for word in ("Ignore", "admin", "INST", "system", "draft_reply"):
            assert word not in others
        assert not set("<>＜＞\x1b\x00\u202e\u200b") & set(message["untrusted_text"])
    assert "Ignore previous instructions" in text
    assert not any(number in text for number in WHOLE)


def test_a_thread_is_the_same_data_masked(ask: Ask) -> None:
    listed = data_of(ask("list_conversations", view="all", limit=50))
    assert listed["total_rows"] == 4
    assert not any(number in json.dumps(listed) for number in WHOLE)
    conversation = next(
        row["conversation"] for row in listed["conversations"] if row["messages"] == len(INJECTIONS)
    )
    answer = data_of(ask("read_conversation", conversation=conversation, limit=4))
    assert (answer["total_rows"], len(answer["messages"]), answer["truncated"]) == (9, 4, True)
    assert answer["rest"].startswith("5 older")
    assert answer["contact"] == "+1415***0177"
    assert answer["link"] == f"https://workbench.example.com/inbox?conversation={conversation}"
    assert not any(number in json.dumps(answer) for number in WHOLE)


@pytest.fixture(scope="module")
def conversation(ask: Ask) -> str:
    """That with the stranger."""
    rows = data_of(ask("list_conversations", view="all", limit=50))["conversations"]
    return str(next(row["conversation"] for row in rows if row["messages"] == len(INJECTIONS)))


@pytest.mark.parametrize("caller", CALLERS)
def test_who_may_see_whole_numbers(
    ask: Ask, installation: Installation, conversation: str, caller: str
) -> None:
    may = caller in ("agent with reveal", "admin with reveal")
    trail = "select count(*) from audit_events where action = 'reveal' and actor = ?"
    actor = CALLERS[caller].actor.actor
    assert actor.startswith("assistant:")
    before = installation.lake.value(trail, [actor])
    revealed = ask("read_conversation", caller, conversation=conversation, reveal_number=True)
    bodies = ask("sql", caller, query="select body from messages where body is not null")
    if may:
        assert data_of(revealed)["contact"] == STRANGER
        assert not data_of(bodies)["is_masked"]
        assert installation.lake.value(trail, [actor]) == before + 2
    else:
        assert "may not see whole numbers" in error_of(revealed)
        assert 'column "body" not found' in error_of(bodies)
        assert installation.lake.value(trail, [actor]) == before
    shown = json.dumps(data_of(ask("query_metric", caller, metric="messages", by=["sender"], **WEEK)))
    assert (OURS in shown) == may


def test_sql_of_who_may_not_see_numbers_asks_masked_views(ask: Ask) -> None:
    tables = data_of(ask("list_tables"))
    assert tables["is_masked"]
    columns = {table["name"]: table["columns"] for table in tables["tables"]}
    assert "body" not in columns["messages"]
    answer = data_of(ask("sql", query="select contact, count(*) n from messages group by 1 order by 1"))
    assert answer["untrusted_rows"][0] == ["+1415***0123", 110]
    assert not any(number in json.dumps(answer) for number in WHOLE)
    assert "took" not in json.dumps(answer)


def test_a_draft_is_checked_and_never_sent(ask: Ask, installation: Installation, conversation: str) -> None:
    answer = data_of(ask("draft_reply", "admin", conversation=conversation, text="We look into it <soon>"))
    assert answer["sent"] is False
    assert answer["verdict"] in ("ok", "warn", "block")
    assert answer["segments"] == 1
    assert answer["summary"].startswith("Nothing was sent")
    assert installation.lake.value("select count(*) from outbox") == 0


def test_a_proposal_is_a_private_note_that_a_person_may_send(
    ask: Ask, installation: Installation, conversation: str
) -> None:
    asked = {"conversation": conversation, "text": "We look into it."}
    notes = "select actor, value from conversation_events where kind = 'note'"
    for caller in ("viewer", "agent with reveal", "admin"):  # the role, or the leave, is missing
        assert "may not propose a reply" in error_of(ask("propose_reply", caller, **asked))
    assert installation.lake.rows(notes) == []
    answer = data_of(ask("propose_reply", "agent", **asked))
    assert answer["sent"] is False
    ((actor, text),) = installation.lake.rows(notes)
    assert actor == "assistant:ana"
    assert text.startswith("Proposed reply, not sent: copy it into the composer to send it.")
    assert text.endswith("\n\nWe look into it.")
    assert installation.lake.value("select count(*) from outbox") == 0
    thread = data_of(ask("read_conversation", conversation=conversation))
    assert thread["notes"][-1]["by"] == "assistant:ana"


def test_no_tool_has_a_word_for_sending_or_changing() -> None:
    from workbench.assistants.backing import Backing
    from workbench.assistants.server import tools_of

    def nobody() -> Any:
        raise AssertionError("nothing is asked")

    names = [tool.__name__ for tool, _ in tools_of(Backing(nobody, nobody))]
    assert names == [
        "list_metrics", "list_dimensions", "query_metric", "list_campaigns", "compare_campaigns",
        "what_changed", "explain_change", "explain_error_code", "list_messages", "list_conversations",
        "read_conversation", "draft_reply", "status", "doctor", "list_tables", "sql",
    ]  # fmt: skip


def test_a_lake_without_a_log_is_not_answered_with_0(tmp_path: Any) -> None:
    import asyncio

    from mcp import Client

    from workbench.assistants.backing import Backing
    from workbench.assistants.server import build_server

    settings = load_settings({"WORKBENCH_HOME": str(tmp_path / "home")})
    asked = {
        "query_metric": {"metric": "messages"}, "what_changed": {}, "list_messages": {},
        "list_conversations": {}, "explain_change": {"metric": "messages"},
    }  # fmt: skip

    async def errors(installation: Installation) -> list[str]:
        backing = Backing(lambda: installation, lambda: CALLERS["viewer"])
        async with Client(build_server(backing)) as client:
            results = [await client.call_tool(tool, arguments) for tool, arguments in asked.items()]
        backing.close()
        return [error_of(result) for result in results]

    with Installation(settings) as installation:
        for text in asyncio.run(errors(installation)):
            assert "There is no lake at" in text
    assert not (tmp_path / "home" / "lake").exists()
    begin_lake(settings).close()
    with Installation(settings) as installation:
        for text in asyncio.run(errors(installation)):
            assert "No message log was ever read into the lake" in text


def test_what_a_sync_brings_meanwhile_is_in_the_next_answer(ask: Ask, installation: Installation) -> None:
    asked = {"metric": "messages", "since": "2025-05-01", "until": "2025-05-02"}
    assert data_of(ask("query_metric", **asked))["rows"] == [{"messages": 0}]
    assert data_of(ask("sql", query="select count(*) from messages where date_created > '2025-05-01'"))[
        "untrusted_rows"
    ] == [[0]]
    with open_lake(installation.settings) as other:
        save(other, [payload(5000, **at(5, 1))])
    assert data_of(ask("query_metric", **asked))["rows"] == [{"messages": 1}]
    assert data_of(ask("sql", query="select count(*) from messages where date_created > '2025-05-01'"))[
        "untrusted_rows"
    ] == [[1]]
