"""The home's files: whose each is, what an erasure does to it, and that none is out of its sight."""

from __future__ import annotations

import gzip
import json
import random
import threading
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.compliance.test_erasure import traces
from tests.compliance.test_killed_removals import SECRET, fill_files, fill_lake, spooled
from tests.lake.test_postgres import postgres as postgres
from tests.lakes import lake_of
from tests.messages import ACCOUNT, payload
from workbench import Workbench
from workbench.api.subject import finish_interrupted_removals
from workbench.compliance.data_subject import find_person
from workbench.compliance.erasure import commit_erasure, order_erasure
from workbench.compliance.finishing import HOOKS_LOCK, SPOOL_FOLDER, clean_spool, finish_erasure
from workbench.compliance.home_files import MEDIA_FOLDER, HomeFiles, erase_from_files, find_in_files
from workbench.compliance.orders import FOLDER as ORDERS
from workbench.compliance.orders import AtTwilio, ErasurePlan, Order, read_orders, save_order
from workbench.errors import LakeBusy, UsageError
from workbench.home import Treatment, treatment_of
from workbench.lake import Lake
from workbench.lake.audit import ANCHOR_FILE
from workbench.lake.data_folder import MARKER_FILE
from workbench.lake.lock import exclusive, only_one
from workbench.lake.removals import begin_removal
from workbench.lake.save import message_table, save_messages
from workbench.lake.secret_key import KEY_FILE
from workbench.lake.spool import Spool
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.sending.template_files import FOLDER as TEMPLATES
from workbench.server.access import private_files
from workbench.server.access.sessions import ENDED_FILE
from workbench.server.access.trail import JOURNAL_FILE
from workbench.server.access.users import USERS_FILE
from workbench.server.hooks import SET_ASIDE_FILE
from workbench.settings import CREDENTIALS_FILE, SETTINGS_FILE, load_settings

PERSON, DIGITS = "+19995550142", "19995550142"
WORDS = [DIGITS, 'she said "the blue pot" & left']


@pytest.mark.parametrize(
    ("name", "treatment"),
    [
        ("hooks.lock", Treatment.LEAVE),
        ("sending/batch-12025550110.lock", Treatment.LEAVE),
        (KEY_FILE, Treatment.LEAVE),
        (private_files.KEY_FILE, Treatment.LEAVE),
        (ANCHOR_FILE, Treatment.LEAVE),
        (ENDED_FILE, Treatment.LEAVE),
        (MARKER_FILE, Treatment.LEAVE),
        (f"lake/files/{MARKER_FILE}", Treatment.LEAVE),
        (SETTINGS_FILE, Treatment.BY_HAND),
        (CREDENTIALS_FILE, Treatment.BY_HAND),
        (USERS_FILE, Treatment.BY_HAND),
        (f"{TEMPLATES}/hello.toml", Treatment.BY_HAND),
        ("quiet_hours.toml", Treatment.BY_HAND),
        ("simulated-account.jsonl", Treatment.BY_HAND),
        (f"{ORDERS}/0a1b.begun.json", Treatment.LEAVE),
        (f"{ORDERS}/.0a1b.begun.json.k3_x9a2b", Treatment.BLANK_WORDS),
        (f"{ORDERS}/erasure-0a1b.html", Treatment.BLANK_NUMBERS),
        (f"{SPOOL_FOLDER}/000000000001.spool", Treatment.BY_OWNER),
        (f"{SPOOL_FOLDER}/000000000001.damaged", Treatment.BLANK_WORDS),
        (f"{SPOOL_FOLDER}/{SET_ASIDE_FILE}", Treatment.BLANK_LINES),
        (f"{SPOOL_FOLDER}/.000000000001.spool.k3_x9a2b", Treatment.BLANK_WORDS),
        (JOURNAL_FILE, Treatment.BLANK_NUMBERS),
        (Path(JOURNAL_FILE).with_suffix(".new").name, Treatment.BLANK_NUMBERS),
        ("logs/serve.log", Treatment.BLANK_LINES),
        (f"{MEDIA_FOLDER}/MEaa/ME{'a' * 32}", Treatment.REMOVE),
        ("reports/cost-2026-10.html", Treatment.REMOVE),
        ("tmp/report-x1/executed.ipynb", Treatment.BLANK_WORDS),
        ("tmp/duckdb_temp_storage_DEFAULT-0.tmp", Treatment.REMOVE_ALWAYS),
        ("old/files/main/raw_messages/ducklake-0190b5f2-0000.parquet", Treatment.BY_HAND),
        ("exports/log.csv", Treatment.DROP_LINES),
        ("somebody's backup.sqlite", Treatment.REMOVE),
    ],
)
def test_each_kind_of_file_has_its_treatment(name: str, treatment: Treatment) -> None:
    assert treatment_of(name) is treatment


def test_a_text_that_stands_in_the_lakes_marker_does_not_take_it_away(lake: Lake, home: Path) -> None:
    """Whoever writes to us chooses the text; without the marker another catalog could take the files."""
    marker = home / "lake" / "files" / MARKER_FILE
    before = marker.read_bytes()
    changed = erase_from_files(lake, ["Do not delete, copy or change it."])
    assert (changed.removed, changed.rewritten) == ((), ())
    assert marker.read_bytes() == before


@pytest.mark.parametrize("name", [f"{ORDERS}/erasure-0a1b.json", JOURNAL_FILE])
def test_a_text_that_stands_in_our_own_records_leaves_them_whole(lake: Lake, home: Path, name: str) -> None:
    """What is in them we wrote; whoever writes to us may know how, and the proofs of others go on proving."""
    (home / name).parent.mkdir(exist_ok=True)
    (home / name).write_text(f'{{"erasure_id": "0a1b", "at": "2026-11-29T02:19", "who": "{DIGITS}"}}\n')
    erase_from_files(lake, [DIGITS, '{"erasure_id": ', "2026-11-29T02:19"])
    assert json.loads((home / name).read_text()) == {
        "erasure_id": "0a1b", "at": "2026-11-29T02:19", "who": "***********",
    }  # fmt: skip


def test_what_looks_like_the_number_in_the_lakes_id_stays(lake: Lake) -> None:
    """It is random: blotted out, the folder of files would be another lake's."""
    lake.write(lambda cursor: cursor.execute("update lake_identity set lake_id = ?", [f"ab{DIGITS}cd"]))
    commit_erasure(lake, order_erasure(lake, find_person(PERSON, Privacy()), actor="user:ana"))
    assert lake.rows("select lake_id from lake_identity") == [(f"ab{DIGITS}cd",)]


def test_the_names_are_those_of_the_owners() -> None:
    assert (SPOOL_FOLDER, HOOKS_LOCK) == ("spool", "hooks.lock")


def test_who_has_a_file_open_goes_on_with_it_and_loses_nothing(lake: Lake, home: Path) -> None:
    """Somebody appends as fast as they can, as a log or a journal is; no line of others is lost or torn."""
    names = ("serve.log", "access-journal.jsonl", "spool/set-aside.jsonl")
    over, written = threading.Event(), dict.fromkeys(names, 0)

    def append(name: str) -> None:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        with (home / name).open("a", buffering=1) as file:
            file.write(f"a line of {PERSON}\n" * 3)
            while not over.is_set():
                file.write(f"{written[name]} is a line of somebody else\n")
                written[name] += 1
                time.sleep(0.0005)

    threads = [threading.Thread(target=append, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    inodes = [(home / name).stat().st_ino for name in names]
    changed = erase_from_files(lake, [DIGITS])
    time.sleep(0.1)
    over.set()
    for thread in threads:
        thread.join()
    assert set(changed.rewritten) == set(names)
    assert [(home / name).stat().st_ino for name in names] == inodes
    for name in names:
        lines = (home / name).read_text().splitlines()
        assert DIGITS not in "".join(lines)
        assert [line for line in lines if "else" in line] == [
            f"{number} is a line of somebody else" for number in range(written[name])
        ]


def test_who_goes_on_writing_the_number_is_named(lake: Lake, home: Path) -> None:
    over = threading.Event()

    def append() -> None:
        with (home / "serve.log").open("a", buffering=1) as file:
            while not over.is_set():
                file.write(f"sent to {PERSON}\n")
                time.sleep(0.001)

    thread = threading.Thread(target=append)
    thread.start()
    while not (home / "serve.log").exists():
        time.sleep(0.01)
    try:
        with pytest.raises(LakeBusy, match=r"serve\.log is still being written"):
            erase_from_files(lake, [DIGITS])
    finally:
        over.set()
        thread.join()


def test_words_are_found_however_a_file_spells_them(lake: Lake, home: Path) -> None:
    spelled = {
        "a.json": r'"she said \"the blue pot\" & left"',
        "b.html": "she said &quot;the blue pot&quot; &amp; left",
        "c.form": "she+said+%22the+blue+pot%22+%26+left",
        "d.form": "Body=she%20said%20%22the%20blue%20pot%22%20%26%20left",
        f"{DIGITS}.dat": "nothing",
    }
    for name, text in spelled.items():
        (home / name).write_text(text)
    with zipfile.ZipFile(home / "e.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<t>{PERSON}</t>" * 50)
    (home / "far.bin").write_bytes(b"\x00" * (8 * 2**20 - 5) + DIGITS.encode())
    (home / "no.parquet").write_bytes(b"no Parquet " + DIGITS.encode())
    (home / "no.gz").write_bytes(b"\x1f\x8b no gzip")
    assert set(find_in_files(lake, WORDS).changeable) == {*spelled, "e.xlsx", "far.bin", "no.parquet"}
    erase_from_files(lake, WORDS)
    assert [name for name in spelled if (home / name).exists()] == []


def test_an_archive_that_cannot_be_opened_is_named_not_taken_for_clean(lake: Lake, home: Path) -> None:
    """Cut off, or locked by a password: whether the person is in it, only a person can find out."""
    packed = gzip.compress(random.Random(1).randbytes(5_000) + DIGITS.encode())
    (home / "cut.log.gz").write_bytes(packed[:-40])
    (home / "cut-without-suffix").write_bytes(packed[:-40])
    with zipfile.ZipFile(home / "locked.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.txt", f"+{DIGITS} " * 50)
    content = bytearray((home / "locked.zip").read_bytes())
    content[6] |= 1  # the flag of encryption, in the file's own header and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (home / "locked.zip").write_bytes(content)
    (home / "only-named.gz").write_text("nothing of anybody")
    files = find_in_files(lake, [DIGITS])
    assert (files.changeable, files.kept) == ((), ("cut-without-suffix", "cut.log.gz", "locked.zip"))
    assert erase_from_files(lake, [DIGITS]).left == files.kept


def test_links_are_followed_and_another_lake_is_left_to_itself(
    lake: Lake, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "log.csv").write_text(f"to\n{PERSON}\n")
    (home / "exports").symlink_to(tmp_path / "big")
    (home / "loop").symlink_to(home)
    other = {"WORKBENCH_HOME": str(home), "WORKBENCH_LAKE": f"sqlite:{home / 'second' / 'catalog.sqlite'}"}
    with Workbench(load_settings(other)) as wb:
        fill_lake(wb)
    files = find_in_files(lake, [DIGITS])
    assert files.changeable == ("exports/log.csv",)
    assert "second/catalog.sqlite" in " ".join(files.kept)
    erase_from_files(lake, [DIGITS])
    assert (tmp_path / "big" / "log.csv").read_text() == "to\n"
    assert (home / "second" / "catalog.sqlite").exists()


@pytest.mark.parametrize(
    ("catalog", "data"),
    [
        ("home/lake/catalog.sqlite", None),
        ("home/catalog.sqlite", None),
        ("catalog.sqlite", None),
        ("elsewhere/catalog.sqlite", None),
        ("elsewhere/catalog.sqlite", "home"),
        ("elsewhere/catalog.sqlite", "."),
        ("home/lake/catalog.sqlite", "elsewhere/files"),
    ],
)
def test_the_home_is_searched_wherever_the_lake_lies(tmp_path: Path, catalog: str, data: str | None) -> None:
    environ = {"WORKBENCH_LAKE": f"sqlite:{tmp_path / catalog}"}
    erase_beside_lake(tmp_path, environ | ({"WORKBENCH_LAKE_DATA": str(tmp_path / data)} if data else {}))


def test_the_home_is_searched_where_the_catalog_is_in_postgres(tmp_path: Path, postgres: str) -> None:
    data = str(tmp_path / "home" / "shared")
    erase_beside_lake(tmp_path, {"WORKBENCH_LAKE": f"postgres:{postgres}", "WORKBENCH_LAKE_DATA": data})


def erase_beside_lake(tmp_path: Path, environ: dict[str, str]) -> None:
    home = tmp_path / "home"
    settings = load_settings(
        {
            "WORKBENCH_HOME": str(home),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": "a-token-of-the-tests",
            **environ,
        }
    )
    with Workbench(settings) as wb:
        fill_lake(wb)
        fill_files(home)
        assert traces(home, DIGITS, SECRET)
        report = wb.subject.erase(PERSON, local_only=True, confirm=True)
        assert report.is_done
        assert lake_of(wb).value("select count(*) from raw_messages") == 1
        assert wb.status().unfinished == ()
    assert traces(tmp_path, DIGITS, SECRET) == []
    assert (home / "exports" / "log.csv").exists()


def spool_of(home: Path) -> Spool:
    spool = Spool(home / SPOOL_FOLDER)
    spool.append([spooled(1, PERSON, "hello"), spooled(2, "+14155550177", f"and {PERSON}?")])
    return spool


def test_the_spool_is_rewritten_where_no_hooks_run(home: Path) -> None:
    spool_of(home).close()
    person = find_person(PERSON, Privacy(PrivacyMode.FULL))
    clean_spool(home, person)
    records = Spool(home / SPOOL_FOLDER).read(10)
    assert [b"+14155550177" in record for record in records] == [True]
    assert [DIGITS.encode() in record for record in records] == [False]


def test_the_spool_of_running_hooks_is_theirs_until_they_die(home: Path) -> None:
    spool = spool_of(home)
    person = find_person(PERSON, Privacy(PrivacyMode.FULL))
    with only_one(home / HOOKS_LOCK, "hooks process"):
        with pytest.raises(LakeBusy, match="Webhooks wait on the disk"):
            clean_spool(home, person, seconds=0.3)
        assert len(spool.read(10)) == 2
        # They bring it into the lake, more comes, and the files of that moment are gone.
        waiting = threading.Thread(target=clean_spool, args=(home, person))
        waiting.start()
        spool.read(10)
        spool.append([b"later"])
        time.sleep(0.2)
        assert waiting.is_alive()
        assert spool.read(10)[2:] == [b"later"]
        spool.done()
        spool.append([b"later still"])
        waiting.join(10)
        assert not waiting.is_alive()
        assert spool.read(10) == [b"later still"]
        spool.done()
        again = spool_of(home)
        waiting = threading.Thread(target=clean_spool, args=(home, person))
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
        again.close()
    waiting.join(10)  # they died: their lock is free
    assert not waiting.is_alive()
    assert len(Spool(home / SPOOL_FOLDER).read(10)) == 1


def test_nobody_is_let_in_again_before_their_erasure_is_finished(home: Path) -> None:
    """Whoever finishes it would erase them once more."""
    with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as wb:
        fill_lake(wb)
        person = find_person(PERSON, Privacy(PrivacyMode.FULL))
        order = order_erasure(lake_of(wb), person, actor="x")
        commit_erasure(lake_of(wb), order)
        with pytest.raises(UsageError, match="was interrupted"):
            wb.subject.readmit(PERSON, because="signed up again", confirm=True)
        assert finish_interrupted_removals(wb._installation) == 1
        wb.subject.readmit(PERSON, because="signed up again", confirm=True)


def test_an_order_of_an_older_version_can_still_be_read(home: Path) -> None:
    """Such an order names the changeable files "found"; its erasure must be finished all the same."""
    person = find_person(PERSON, Privacy(PrivacyMode.FULL))
    files = HomeFiles(changeable=("exports/log.csv",), kept=("notes.docx",))
    plan = ErasurePlan("+1999***0142", {"raw_messages": 2}, {}, files)
    at = datetime(2026, 9, 1, 12, tzinfo=UTC)
    save_order(home, Order("a1", person, plan, "x", at, AtTwilio()))
    [path] = (home / ORDERS).glob("*.json")
    record = json.loads(path.read_text())
    assert record["plan"]["files"] == {"changeable": ["exports/log.csv"], "kept": ["notes.docx"]}
    record["plan"]["files"] = {"found": ["exports/log.csv"], "kept": ["notes.docx"]}
    path.write_text(json.dumps(record))
    [order] = read_orders(home)
    assert order.plan.files.changeable == ("exports/log.csv",)
    assert order.plan.files.kept == ("notes.docx",)


def test_an_order_that_was_done_does_not_erase_whoever_was_let_in_again(home: Path) -> None:
    """Killed between the note that all is done and the removal of the order: the file is all that is left."""
    with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as wb:
        fill_lake(wb)
        person = find_person(PERSON, Privacy(PrivacyMode.FULL))
        order = order_erasure(lake_of(wb), person, actor="x")
        finish_erasure(lake_of(wb), order)
        save_order(home, order)
        wb.subject.readmit(PERSON, because="signed up again", confirm=True)
        table = message_table([message_row(payload(7, to=PERSON))])
        lake_of(wb).write(
            lambda cursor: save_messages(cursor, table, source="sync", received_at=datetime.now(UTC))
        )
        finish_interrupted_removals(wb._installation)
        assert lake_of(wb).rows("select contact from raw_messages where contact = ?", [PERSON]) == [(PERSON,)]
        assert read_orders(home) == []


def test_two_do_not_erase_at_once(lake: Lake, home: Path) -> None:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with (
        exclusive(home / "removals.lock"),
        Workbench(settings) as wb,
        pytest.raises(LakeBusy, match="erasure"),
    ):
        finish_interrupted_removals(wb._installation)


def test_the_status_says_what_is_not_finished(home: Path) -> None:
    at = datetime(2026, 9, 1, 12, tzinfo=UTC)
    with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as wb:
        lake_of(wb).write(
            lambda cursor: begin_removal(cursor, "r1", "retention", actor="x", begun_at=at, attachments=[])
        )
        assert wb.status().lines()[-1] == (
            "not finished",
            "retention, begun 2026-09-01 12:00 UTC: the next maintenance finishes it, or run it again",
        )
        assert finish_interrupted_removals(wb._installation) == 1
        assert "not finished" not in dict(wb.status().lines())
