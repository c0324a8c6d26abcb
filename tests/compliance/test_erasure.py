"""A person is erased when no byte under WORKBENCH_HOME names them, and they do not come back."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import httpx
import pytest
from click.testing import CliRunner

from tests.compliance.conftest import environment
from tests.lakes import lake_of
from workbench.api import Workbench
from workbench.cli import main
from workbench.compliance.erasure import text_columns, written_columns
from workbench.conversations.drafts import DraftStore, ReplyDraft
from workbench.errors import LakeError, UsageError
from workbench.lake.consent import Side, find_suppressions
from workbench.lake.erased import is_erased
from workbench.settings import load_settings
from workbench.simulator import Account, Clock, Options, Server, serve
from workbench.twilio import erasing

START, NOW = date(2026, 9, 7), datetime(2026, 9, 10, 15, 30, tzinfo=UTC)
PERSON, REDACTED, LOCAL, BUSY, EXPORTED, OTHER = (
    "+19995550142", "+19995550143", "+19995550144", "+19995550145", "+19995550146", "+14155550177",
)  # fmt: skip
"""Numbers larger than any other, so that they are the bounds that statistics of columns keep."""
SENDER = "+12065550101"
SECRET = "my gate code is 7741 Zanzibar"


def secret_of(person: str) -> str:
    return f"{SECRET} {person[-3:]}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(start=START, days=4, messages=240, clock=Clock.frozen(NOW))
    with serve(account, options=Options(concurrency_limit=None)) as running:
        yield running
    account.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("erasure") / "home"


@pytest.fixture(scope="module")
def wb(home: Path, server: Server) -> Iterator[Workbench]:
    """Synced in two goes, with small commits that stay inside of the catalog."""
    for person in (PERSON, REDACTED, LOCAL, BUSY, EXPORTED):
        say(server, person, secret_of(person))
        say(server, person, "please stop texting me")
    say(server, OTHER, f"ask my friend at {PERSON}, or 1 (999) 555-0142")
    with Workbench(load_settings(environment(home, server))) as opened:
        opened.sync(since=START)
        server.account.clock.advance(600)
        for person in (PERSON, REDACTED, LOCAL, BUSY, EXPORTED):
            say(server, person, "STOP")
            say(server, person, "START", channel="whatsapp:", to="whatsapp:+14155550111")
        opened.sync(since=START, full=True)
        yield opened


def say(server: Server, who: str, body: str, channel: str = "", to: str = SENDER) -> str:
    message = control(server, "inbound", {"from": channel + who, "to": to, "body": body})
    return str(message["sid"])


def control(server: Server, what: str, body: dict[str, object]) -> dict[str, object]:
    answer = httpx.post(f"{server.url}/_simulator/{what}", json=body)
    assert answer.status_code == 200, answer.text
    content: dict[str, object] = answer.json()
    return content


def traces(home: Path, *words: str) -> list[str]:
    """Files with one of the words in any byte, or in any value of a Parquet file."""
    places = []
    for path in sorted(home.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".gz":
            data += gzip.decompress(data)
        if path.suffix == ".parquet":
            rows = duckdb.sql(f"select * from read_parquet('{path}')").fetchall()
            data += "\n".join(map(str, rows)).encode()
        places += [f"{path.relative_to(home)}: {word}" for word in words if word.encode() in data]
    return places


def litter(home: Path) -> None:
    """What other rooms may have left in the home."""
    for folder in ("spool", "logs", "reports", "exports"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"From": OTHER, "Body": "hello"}), json.dumps({"From": PERSON, "Body": "hi"})]
    (home / "spool" / "hooks.jsonl").write_text("\n".join(lines) + "\n")
    (home / "logs" / "serve.log").write_text(f"sent to {PERSON}\nall well\n")
    (home / "reports" / "week.html").write_text(f"<p>{secret_of(PERSON)}</p>")
    (home / "reports" / "other.html").write_text("<p>nothing of anybody</p>")
    (home / "exports" / "log.csv.gz").write_bytes(gzip.compress(f"to\n{PERSON}\n".encode()))
    duckdb.sql(f"select '{PERSON}' as contact").write_parquet(str(home / "exports" / "log.parquet"))
    (home / "backup.sqlite").write_bytes(b"\x00\xff" + PERSON.encode() + b"\x00")


def test_no_byte_and_no_value_is_left(wb: Workbench, home: Path, server: Server) -> None:
    words = (PERSON[1:], secret_of(PERSON))
    litter(home)
    assert traces(home, *words)

    plan = wb.subject.erase(PERSON).plan
    assert plan.rows["raw_messages"] == 4
    assert plan.mentions == {"raw_messages.body": 1}
    assert set(plan.files.changeable) == {
        "backup.sqlite", "exports/log.csv.gz", "exports/log.parquet", "logs/serve.log", "reports/week.html",
        "spool/hooks.jsonl",
    }  # fmt: skip
    assert traces(home, *words), "a dry run changes nothing"

    report = wb.subject.erase(PERSON, confirm=True)
    assert report.is_done
    wb.close()
    assert traces(home, *words) == []
    assert json.loads((home / "spool" / "hooks.jsonl").read_text()) == {"From": OTHER, "Body": "hello"}
    # Whoever writes the log has it open, so the line is overwritten and the file stays the same one.
    line = "*" * len(f"sent to {PERSON}")
    assert (home / "logs" / "serve.log").read_text() == f"{line}\nall well\n"
    assert (home / "reports" / "other.html").exists()
    assert listed(server, PERSON) == []

    proof = json.loads(report.paths[0].read_text())
    assert proof["asked_of_twilio"] == [{"asked": "delete", "outcome": "deleted", "messages": 4}]
    assert proof["not_confirmed_by_twilio"] == []
    assert {row["table"]: row["rows"] for row in proof["erased_here"]}["raw_messages"] == 4
    assert proof["person"] == "+1999***0142"
    with lake_of(wb).cursor() as cursor:
        suppressed = find_suppressions(cursor, [PERSON, f"whatsapp:{PERSON}", OTHER], Side("AC1", "anything"))
    assert {address: suppression[0][:2] for address, suppression in suppressed.items()} == {
        PERSON: ("*", "erased"),
        f"whatsapp:{PERSON}": ("*", "erased"),
    }


def test_nobody_comes_back_although_twilio_lists_them(wb: Workbench, home: Path, server: Server) -> None:
    wb.subject.erase(PERSON, confirm=True)
    redacted = wb.subject.erase(REDACTED, twilio="redact", confirm=True)
    assert redacted.proof is not None
    assert redacted.proof["asked_of_twilio"] == [{"asked": "redact", "outcome": "redacted", "messages": 4}]
    local = wb.subject.erase(LOCAL, local_only=True, confirm=True)
    assert local.proof is not None
    assert local.proof["asked_of_twilio"][0]["outcome"] == "left out by request"
    assert len(listed(server, LOCAL)) == len(listed(server, REDACTED)) == 4
    server.account.clock.advance(600)
    say(server, PERSON, f"I am back: {secret_of(PERSON)}")

    wb.sync(since=START, full=True)
    wb.close()
    gone = (PERSON, REDACTED, LOCAL)
    assert traces(home, *(person[1:] for person in gone), *map(secret_of, gone)) == []
    contacts = [channel + person for person in gone for channel in ("", "whatsapp:")]
    assert not lake_of(wb).rows("select 1 from raw_messages where contact in (select unnest(?))", [contacts])
    body = lake_of(wb).value("select body from messages where contact = ?", [OTHER])
    assert body.startswith("ask my friend at [erased], or")
    assert wb.audit.verify().is_whole

    # A second time there is nothing here, and Twilio holds what came after.
    again = wb.subject.erase(PERSON, confirm=True)
    assert again.plan.is_empty
    assert again.proof is not None
    assert again.proof["asked_of_twilio"] == [{"asked": "delete", "outcome": "deleted", "messages": 1}]


def test_without_the_key_nothing_is_saved_rather_than_brought_back(wb: Workbench, home: Path) -> None:
    wb.subject.erase(LOCAL, local_only=True, confirm=True)
    key = (home / "privacy.key").read_text()
    (home / "privacy.key").unlink()
    try:
        with pytest.raises(LakeError, match="by which erased people are recognised"):
            wb.sync(since=START, full=True, messages_only=True)
    finally:
        (home / "privacy.key").touch(mode=0o600)
        (home / "privacy.key").write_text(key)


def listed(server: Server, person: str) -> list[str]:
    """SIDs of a person's messages that Twilio still lists, asked without our client."""
    account, sids = server.account, []
    for side in ("To", "From"):
        for address in (person, f"whatsapp:{person}"):
            answer = httpx.get(
                f"{server.url}/2010-04-01/Accounts/{account.account_sid}/Messages.json",
                params={side: address},
                auth=(account.account_sid, account.auth_token),
            )
            sids += [message["sid"] for message in answer.json()["messages"]]
    return sids


def test_what_is_still_under_way_is_named_and_removed_the_next_time(
    wb: Workbench, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = server.account.now()
    control(
        server,
        "messages",
        {
            "sender": SENDER,
            "contact": BUSY,
            "created": datetime.fromtimestamp(now - 5, UTC).isoformat(),
            "direction": "outbound-api",
            "body": "Your table is ready.",
            "sent": 3600,
            "done": 7200,
        },
    )
    monkeypatch.setattr(erasing, "_WAITS", (0.0,))
    report = wb.subject.erase(BUSY, confirm=True)
    assert (report.is_done, report.pending) == (False, 1)
    assert report.proof is not None
    assert [row["outcome"] for row in report.proof["not_confirmed_by_twilio"]] == ["not complete yet"]
    server.account.clock.advance(7300)
    assert wb.subject.erase(BUSY, confirm=True).is_done


def test_an_export_holds_everything_and_is_audited(wb: Workbench, tmp_path: Path) -> None:
    script = "<script>alert(1)</script>"
    lake_of(wb).write(
        lambda cursor: cursor.execute(
            "update raw_messages set body = ? where body = ?", [script, secret_of(EXPORTED)]
        )
    )
    paths = wb.subject.export("+1 (999) 555-0146", tmp_path / "out")
    record, page = json.loads(paths[0].read_text()), paths[1].read_text()
    assert sorted(message["body"] for message in record["messages"]) == sorted(
        [script, "please stop texting me", "STOP", "START"]
    )
    assert sorted(event["kind"] for event in record["events"]) == ["opt-in", "opt-out"]
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths)
    assert list(wb.audit.show(action="export")["subject"]) == ["+1999***0146"]


def test_masked_lakes_tell_nobody_apart(tmp_path: Path, server: Server) -> None:
    settings = load_settings({**environment(tmp_path, server), "WORKBENCH_PRIVACY": "masked"})
    with Workbench(settings) as wb:
        assert lake_of(wb).value("select count(*) from raw_messages") == 0
        with pytest.raises(UsageError, match="keeps masked numbers"):
            wb.subject.erase(PERSON)


def test_a_hashed_person_is_erased_too(tmp_path: Path, server: Server) -> None:
    person = "+19995550150"
    sid = say(server, person, SECRET)
    settings = load_settings({**environment(tmp_path, server), "WORKBENCH_PRIVACY": "hashed"})
    with Workbench(settings) as wb:
        wb.sync(since=START, messages_only=True)
        people = tmp_path / "people.csv"
        people.write_text(f"phone,name,time_zone\n{person},Ann,Asia/Tokyo\n")
        wb.contacts.import_file(people, confirm=True)
        wb.contacts.edit("+1 (999) 555-0150", labels="vip")
        [(kept, named)] = lake_of(wb).rows("select address, name from contacts where labels = 'vip'")
        assert (kept[:5], named) == ("anon-", "Ann")
        assert lake_of(wb).rows("select distinct address = ? from contact_events", [kept]) == [(True,)]
        assert wb._installation.contact_zones([person, "+19995550151"]) == {person: "Asia/Tokyo"}
        # An earlier version wrote the number of an imported contact down as it is.
        lake_of(wb).write(
            lambda cursor: cursor.execute(
                "insert into contact_events select * replace ('old' as event_id, ? as address) "
                "from contact_events where field = 'name'",
                [person],
            )
        )
        # What somebody wrote to them and did not send names them as the lake does.
        store = DraftStore(tmp_path, lambda contact: is_erased(lake_of(wb), contact))
        draft = ReplyDraft("user:ana", "CW" + "a" * 24, kept, "Dear Ann")
        store.save(draft)
        erasure = wb.subject.erase(person, local_only=True, confirm=True)
        assert erasure.plan.rows["raw_messages"] == 1
        assert list((tmp_path / "drafts").iterdir()) == []
        store.save(draft)
        assert list((tmp_path / "drafts").iterdir()) == []
        assert lake_of(wb).rows("select * from contact_events") == []
        wb.sync(since=START, full=True, messages_only=True)
        assert lake_of(wb).value("select count(*) from raw_messages where message_sid = ?", [sid]) == 0


@pytest.mark.parametrize("number", ["STOPLIST", "55501", "not a number", ""])
def test_only_a_number_is_a_person(wb: Workbench, number: str) -> None:
    with pytest.raises(UsageError):
        wb.subject.erase(number)


def test_who_comes_back_by_themselves_is_let_in(wb: Workbench, server: Server) -> None:
    wb.subject.erase(BUSY, local_only=True, confirm=True)
    with pytest.raises(UsageError, match="was not erased here"):
        wb.subject.readmit(OTHER, because="asked at the desk", confirm=True)
    with pytest.raises(UsageError, match="Say why"):
        wb.subject.readmit(BUSY, because=" ", confirm=True)
    wb.subject.readmit(BUSY, because="signed up again on paper, form 12", confirm=True)
    server.account.clock.advance(600)
    say(server, BUSY, "hello again")
    wb.sync(since=START, full=True)
    assert "hello again" in [
        body for (body,) in lake_of(wb).rows("from messages select body where contact = ?", [BUSY])
    ]
    trail = wb.audit.show(action="readmit")
    assert list(trail["subject"]) == ["+1999***0145"]
    assert "form 12" in str(trail["detail"][0])


def test_the_commands(wb: Workbench, home: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(home, server).items():
        monkeypatch.setenv(name, value)
    wb.close()
    dry = CliRunner().invoke(main, ["subject", "erase", EXPORTED])
    assert dry.exit_code == 0
    assert "raw_messages: 4 rows" in dry.stdout
    assert "Nothing was done" in dry.stderr
    done = CliRunner().invoke(main, ["subject", "erase", EXPORTED, "--confirm"])
    assert done.exit_code == 0, done.stderr
    assert "Twilio: 4 messages, delete: deleted" in done.stdout
    assert CliRunner().invoke(main, ["audit", "verify"]).exit_code == 0
    wrong = CliRunner().invoke(main, ["subject", "erase", "12", "--confirm"])
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (2, 1)


def test_every_table_that_has_rows_is_searched(wb: Workbench) -> None:
    with lake_of(wb).cursor() as cursor:
        filled = {
            table
            for table in text_columns(cursor)
            if cursor.execute(f'select 1 from "{table}" limit 1').fetchall()
        }
        searched = set(written_columns(cursor))
    assert {"raw_messages", "senders", "consent_events"} <= filled <= searched
