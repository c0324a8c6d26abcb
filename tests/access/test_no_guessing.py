"""Nobody who sees masked numbers finds the numbers by trying: nothing they get holds a hash without a key."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from tests.conversations.installation import CONTACT, DESK, Installation, installed
from tests.lakes import lake_of
from tests.ui.serving import served
from tests.ui.test_downloads import download
from workbench.api.inbox import open_inbox_session
from workbench.lake.audit import append_audit
from workbench.roles import Actor, acting_as
from workbench.server.pages import PagesServer
from workbench.settings import load_settings

#: What may be a hash: hexadecimal digits, more than a SID's beginning or a short number.
_HASH = re.compile(r"[0-9a-f]{12,}")
_SHORTEST = 12


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("guessing")) as opened:
        opened.wb.reply(CONTACT, "We are on it.", confirm=True, ignore_quiet_hours=True)
        opened.wb.conversation(CONTACT).note("call back")
        yield opened


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[PagesServer]:
    with served(load_settings(installation.environment)) as running:
        yield running


def digests(text: str) -> Iterator[str]:
    """Every usual hash of a text, in its longest form."""
    data = text.encode()
    for name in ("md5", "sha1", "sha256", "sha512", "sha3_256"):
        yield hashlib.new(name, data).hexdigest()
    for function, sizes in ((hashlib.blake2s, range(6, 33)), (hashlib.blake2b, range(6, 65))):
        for size in sizes:
            yield function(data, digest_size=size).hexdigest()


def guesses(contact: str, sides: list[str]) -> set[str]:
    """The beginnings of all hashes that somebody would try for one number."""
    forms = {contact, contact.lstrip("+"), f"whatsapp:{contact}", f"sms:{contact}"}
    texts = set(forms)
    for form, side, mark in product(forms, sides, ("|", ":", ",", "")):
        texts |= {f"{side}{mark}{form}", f"{form}{mark}{side}"}
    return {digest[:_SHORTEST] for text in texts for digest in digests(text)}


def hits(text: str, installation: Installation) -> list[str]:
    """Parts of a text that are a hash of the contact's number, or the number itself."""
    lake = lake_of(installation.wb)
    sides = [
        row[0]
        for row in lake.rows(
            "select sender from senders union select messaging_service_sid from messaging_services"
        )
    ]
    known = guesses(CONTACT, [*sides, DESK])
    parts = [part for part in _HASH.findall(text.lower()) if any(
        part[start : start + _SHORTEST] in known for start in range(len(part) - _SHORTEST + 1)
    )]  # fmt: skip
    return parts + [CONTACT] * (CONTACT[1:] in text)


def test_the_search_finds_a_hash_without_a_key(installation: Installation) -> None:
    plain = "CV" + hashlib.blake2s(f"{DESK}|{CONTACT}".encode(), digest_size=12).hexdigest()
    assert hits(f"row,{plain},delivered", installation) != []
    assert hits(f"to {CONTACT}", installation) == [CONTACT]
    assert hits("CW000102030405060708090a0b, +1206***0142", installation) == []


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_downloads(installation: Installation, server: PagesServer, ending: str) -> None:
    data = download(server, f"messages/messages.{ending}?direction=all")[2]
    if ending == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(data))
        text = str([row for page in book for row in page.iter_rows(values_only=True)])
    elif ending == "parquet":
        text = str(pq.ParquetFile(io.BytesIO(data)).read().to_pylist())
    else:
        text = data.decode()
    assert "+1206***0142" in text
    assert hits(text, installation) == []


def test_a_page_as_a_file(installation: Installation, server: PagesServer) -> None:
    text = download(server, "messages/page.html?direction=all")[2].decode()
    assert "+1206***0142" in text
    assert hits(text, installation) == []


def test_the_inbox_of_a_viewer(installation: Installation) -> None:
    session = open_inbox_session(installation.wb._installation)
    with acting_as(Actor("vic", "viewer")):
        start = session.answer({"id": 1, "ask": "start", "view": "all"})
        conversation = next(
            row for row in start["ok"]["list"]["rows"] if "0142" in str(row) or "Ann" in str(row)
        )
        thread = session.answer({"id": 2, "ask": "open", "conversation": conversation["id"]})
    assert "ok" in thread, thread
    assert hits(str(start) + str(thread), installation) == []


def test_frames_and_texts_of_the_notebook_that_mask(installation: Installation) -> None:
    wb = installation.wb
    shown: list[Any] = [
        wb.conversations("all"), wb.outbox.list(), wb.audit.show(limit=None), wb.consent.blocked(),
        wb.consent.revocations(state="all"), wb.contacts.list(), wb.status(), wb,
    ]  # fmt: skip
    for item in shown:
        text = item.to_csv() if hasattr(item, "to_csv") else repr(item)
        assert hits(text, installation) == [], type(item)


def test_what_an_older_version_wrote_is_shown_without_its_ids(installation: Installation) -> None:
    """The trail cannot be written anew, and batches name what was sent: they are cut where they are shown."""
    plain = "CV" + hashlib.blake2s(f"{DESK}|{CONTACT}".encode(), digest_size=12).hexdigest()
    lake = lake_of(installation.wb)

    def write(cursor: Any) -> None:
        append_audit(cursor, "conversation-note", actor="local:ana", subject=plain, detail={"of": plain})
        cursor.execute(
            "insert into outbox_events by name select * replace (? as batch) from outbox_events limit 1",
            [f"reply:{plain}:SM{'0' * 32}"],
        )

    lake.write(write)
    trail, outbox = installation.wb.audit.show(limit=None), installation.wb.outbox.list()
    assert "CV…" in set(trail["subject"])
    for frame in (trail, outbox):
        assert hits(frame.to_csv(), installation) == []
    assert installation.wb.audit.verify().is_whole
