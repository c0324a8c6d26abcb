"""What a record becomes: nothing of people and no secret, whoever logs it and however."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ConfigError, LakeError, WorkbenchError
from workbench.logs.lines import JsonLine, TextLine
from workbench.logs.redaction import Redaction
from workbench.logs.request_ids import request_id_for, request_id_used
from workbench.logs.set_up import RedactingHandler

BODY, NUMBER, SECRET = "see you at Café Luna, code 4711", "+14155552671", "an-auth-token-of-tests"
SPELLED = [NUMBER, "14155552671", "(415) 555-2671", "%2B14155552671", "415.555.2671"]

OURS, THEIRS = logging.getLogger("workbench.tests.log"), logging.getLogger("somelibrary.http")


@pytest.fixture
def lines() -> Iterator[Callable[[], str]]:
    """The lines of both loggers as text."""
    written = io.StringIO()
    output = logging.StreamHandler(written)
    output.setFormatter(TextLine())
    handler = RedactingHandler(Redaction([SECRET]), [output])
    for logger in (OURS, THEIRS):
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
    yield written.getvalue
    for logger in (OURS, THEIRS):
        logger.removeHandler(handler)
        logger.propagate = True


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def duckdb_error() -> duckdb.Error:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as refused:
        connection.execute("select cast(? as integer)", [f"{BODY} {NUMBER}"])
    return refused.value


ERRORS = [
    ValueError(f"invalid literal for int(): {BODY!r}"),
    KeyError(NUMBER),
    UnicodeEncodeError("ascii", BODY, 11, 12, NUMBER),
    RuntimeError(SECRET),
    ConfigError(f"[sending] sender is {BODY!r}; {NUMBER} is none, and {SECRET} neither."),
    raised(LakeError(f"The lake at /lake cannot be read ({duckdb_error()})."), duckdb_error()),
    raised(WorkbenchError(f"cell 3: {BODY}"), RuntimeError(BODY)),
    ExceptionGroup(BODY, [ValueError(NUMBER)]),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("logger", [OURS, THEIRS], ids=["ours", "theirs"])
def test_an_error_is_written_without_its_values(
    error: BaseException, logger: logging.Logger, lines: Callable[[], str]
) -> None:
    logger.error("it failed: %s", error)
    logger.error("it failed: %r", error)
    logger.error(error)
    logger.error("it failed", exc_info=raised(RuntimeError(BODY), error))
    text = lines()
    assert text.count("it failed") == 3
    assert type(error).__name__ in text or isinstance(error, WorkbenchError)
    assert "Traceback" in text
    for told in (BODY, "Café", "4711", SECRET, *SPELLED):
        assert told not in text


class Anything:
    """An object that a library logs, as a request."""

    def __repr__(self) -> str:
        return f"<Request body={BODY} to={NUMBER}>"


LOGS: list[Callable[[logging.Logger], None]] = [
    lambda log: log.warning("sent %s to %s", BODY, NUMBER),
    lambda log: log.warning(f"sent {BODY} to {NUMBER}"),
    lambda log: log.warning(f"sent {BODY} with %s", SECRET),
    lambda log: log.warning("%(body)s", {"body": BODY}),
    lambda log: log.warning(Anything()),
    lambda log: log.warning("%r", Anything()),
    lambda log: log.warning("x", extra={"body": BODY, "to": NUMBER, "request_id": BODY}),
    lambda log: log.warning("x", stack_info=True),
    lambda log: log.warning(f"Authorization: Basic {SECRET}"),
    lambda log: log.warning('HTTP Request: %s %s "%d"', "GET", f"http://h:80/m?To={NUMBER}&Body={BODY}", 200),
]


@pytest.mark.parametrize("log", LOGS)
def test_a_library_tells_nothing_however_it_logs(
    log: Callable[[logging.Logger], None], lines: Callable[[], str]
) -> None:
    log(THEIRS)
    text = lines()
    assert len(text.splitlines()) == 1
    assert "somelibrary.http" in text
    for told in (BODY, "Café", "4711", SECRET, *SPELLED):
        assert told not in text


@pytest.mark.parametrize(("template", "arguments"), [("a %d", (NUMBER,)), ("too few %s %s", (BODY,))])
@pytest.mark.parametrize("name", ["workbench.x", "lib"])
def test_a_line_that_cannot_be_put_together_tells_nothing(
    name: str, template: str, arguments: tuple[str, ...]
) -> None:
    text = Redaction().message(logging.LogRecord(name, 30, "", 0, template, arguments, None))
    assert BODY not in text
    assert NUMBER not in text


def test_what_a_library_says_in_its_own_words_stays(lines: Callable[[], str]) -> None:
    THEIRS.info("Connection pool is full, discarding %d of %s", 10, "https://api.twilio.com:443/x?y=1")
    THEIRS.info("closed")
    said = [line.partition("somelibrary.http ")[2] for line in lines().splitlines()]
    assert said == ["Connection pool is full, discarding 10 of https://api.twilio.com:443", "closed"]


@pytest.mark.parametrize("number", SPELLED)
def test_our_own_lines_keep_their_words_and_lose_numbers_and_secrets(
    number: str, lines: Callable[[], str]
) -> None:
    OURS.warning("the answer to %s took %.2f s, %d left; token=%s", number, 1.5, 30007, SECRET)
    OURS.warning("key 0123456789abcdef0123456789abcdef of MG0123456789abcdef0123456789abcdef")
    first, second = lines().splitlines()
    assert re.search(r"the answer to \S+\*\*\*2671 took 1\.50 s, 30007 left; token=\*\*\*$", first)
    assert second.endswith("key *** of MG0123456789abcdef0123456789abcdef")


def test_nobody_writes_a_line_of_their_own(lines: Callable[[], str]) -> None:
    OURS.warning("refused: %s", "x\n2026-01-31T00:00:00.000Z ERROR root forged\x1b[2J\r\u2028again")
    assert len(lines().splitlines()) == 1
    assert "\x1b" not in lines()


@given(
    st.text(st.characters(exclude_categories=("Cs", "Nd")), min_size=5, max_size=40).filter(
        lambda text: len(text.split()) > 1
    ),
    st.text("123456789", min_size=11, max_size=15),
    st.sampled_from(["{0}", "%s: {0}", "{0} {1}", "line\n{0}", "{1!r}"]),
    st.booleans(),
)
def test_no_value_that_a_library_logs_gets_through(body: str, number: str, form: str, is_error: bool) -> None:
    written = io.StringIO()
    output = logging.StreamHandler(written)
    output.setFormatter(JsonLine("pages"))
    handler = RedactingHandler(Redaction(), [output])
    text = form.format("<" + body + ">", number)
    error = ValueError(text)
    value = error if is_error else text
    handler.handle(logging.LogRecord("lib", 30, __file__, 1, text, ("x",), (ValueError, error, None)))
    handler.handle(logging.LogRecord("lib", 30, __file__, 1, "%s", (value,), None))
    for line in written.getvalue().splitlines():
        said = json.loads(line)
        shown = " ".join([said["message"], *said.get("traceback", [])])
        assert "<" + body + ">" not in shown
        assert number not in shown


def test_a_json_line_has_only_its_own_fields() -> None:
    written = io.StringIO()
    output = logging.StreamHandler(written)
    output.setFormatter(JsonLine("hooks"))
    handler = RedactingHandler(Redaction(), [output])
    record = logging.LogRecord("workbench.x", logging.WARNING, "", 0, "took %d", (3,), None)
    record.created, record.process = 1764416722.25, 7
    with request_id_used("abcdefgh"):
        handler.handle(record)
    assert json.loads(written.getvalue()) == {
        "time": "2025-11-29T11:45:22.250Z", "level": "warning", "process": "hooks", "pid": 7,
        "logger": "workbench.x", "message": "took 3", "request_id": "abcdefgh",
    }  # fmt: skip


@pytest.mark.parametrize(
    "given", ["0af765a916cd-43dd", "req_1234-abcd", "3f2a9c1e-7b4d-4e8a-9c0f-5d6e7a8b9c0d"]
)
def test_a_plain_request_id_is_taken(given: str) -> None:
    assert request_id_for([given]) == given


@pytest.mark.parametrize(
    "given",
    [
        [], [""], ["short"], ["a" * 37], [NUMBER], ["14155552671"], ["id-1415-555-2671"],
        ["0123456789abcdef" * 2], ["abcdefgh", "abcdefgh"], ["abc defgh"], ["abcdefgh\nforged"],
        ["<script>alert</script>"], ["größeres-id"], ["../../../etc"], ["%0d%0aSet-Cookie"],
        ["-leading-dash"],
    ],
)  # fmt: skip
def test_any_other_request_id_is_replaced(given: list[str]) -> None:
    made = request_id_for(given)
    assert re.fullmatch("[b-z]{16}", made)
    assert made != request_id_for(given)


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    from workbench.logs.files import PrivateFile

    output = PrivateFile(tmp_path / "pages.log")
    output.setFormatter(TextLine())
    RedactingHandler(Redaction(), [output]).handle(logging.LogRecord("workbench", 30, "", 0, "x", (), None))
    output.close()
    assert (tmp_path / "pages.log").stat().st_mode & 0o777 == 0o600
    assert "WARNING workbench x" in (tmp_path / "pages.log").read_text()
    assert sys.excepthook is sys.__excepthook__
