"""An error code in words: every code has them, with and without a history."""

from __future__ import annotations

from datetime import date

from workbench.browser.panels import CodeExplanation
from workbench.browser.schema import check
from workbench.display.code_words import CodeHistory, explain_hint, shown_code
from workbench.messaging.error_codes import explain, known_codes
from workbench.sending.results import BatchResult, SendResult


def test_every_code_and_an_unknown_one_can_be_shown() -> None:
    for code in (*known_codes(), 99999):
        error = explain(code)
        assert error is not None
        shown = shown_code(error)
        check(CodeExplanation, shown, "the explanation")
        assert [term for term, _ in shown["facts"]] == [
            "What it means", "Who can fix it", "What to do", "Send again",
        ]  # fmt: skip
        assert all(text for _, text in shown["facts"])
        assert shown["rows"] == f"messages?error_code={code}"


def test_a_history_is_counted_dated_and_leads_to_all_of_its_messages() -> None:
    error = explain(30007)
    assert error is not None
    history = CodeHistory(1234, 1, date(2026, 1, 5), date(2026, 9, 30), "$3.10")
    shown = shown_code(error, history)
    assert shown["facts"][4:] == [
        ["Here", "1,234 messages, 1 of them in the last 30 days"],
        ["Since", "5 Jan 2026, last on 30 Sep 2026"],
        ["Charged", "$3.10"],
    ]
    assert shown["rows"] == "messages?error_code=30007&period=custom&since=2026-01-05"
    free = shown_code(error, CodeHistory(1, 0, date(2026, 1, 5), date(2026, 1, 5)))
    assert free["facts"][6] == ["Charged", "Nothing, as far as prices are known."]


def test_the_command_that_says_more() -> None:
    assert explain_hint(30007) == "`workbench explain 30007` says what to do."
    assert explain_hint(None) == ""


def test_what_a_send_says_names_the_code_and_the_command() -> None:
    refused = SendResult(
        "failed", "+1415***0123", "pass", (), 1, "GSM-7", None, "key", error_code=21408, problem="Not on."
    )  # fmt: skip
    assert repr(refused).splitlines()[1:] == ["Not on.", "`workbench explain 21408` says what to do."]
    batch = BatchResult("offers", [refused, refused], 1.0)
    assert repr(batch).splitlines()[1:] == ["2 × 21408: `workbench explain 21408` says what to do."]
