"""Every outbound text has one template, which stays; where no text may be kept there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lake.old import make_lake_of
from tests.messages import CONTACT, payload
from workbench import Workbench
from workbench.compliance.retention import retention_rules, run_retention
from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.lake.text_templates import prepare_templates, read_template_words
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.messaging.skeletons import BLANK, TemplateFinder
from workbench.settings import Settings
from workbench.settings.sections import RetentionSettings

NOW = datetime(2026, 9, 2, tzinfo=UTC)
SALE = "Sale until Sunday: {} off"
#: `md5sum` of "Sale until Sunday: ⟨…⟩ off" in UTF-8 begins with these.
SALE_ID = "Tcd350c887e11"
PERSONAL = "Dear Mr Zanzibar, your gate code was sent by post"


def save(
    lake: Lake, *bodies: str | None, first: int = 1, privacy: Privacy | None = None, **fields: Any
) -> None:
    rows = [
        message_row(payload(number, body=body, **fields)) for number, body in enumerate(bodies, start=first)
    ]
    table = message_table([privacy.apply(row) for row in rows] if privacy else rows)
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


def templates(lake: Lake) -> list[str | None]:
    """The words of each message's template, by SID."""
    words = read_template_words(lake)
    return [
        words.get(template)
        for (template,) in lake.rows("select template from message_facts order by message_sid")
    ]


def kept(lake: Lake) -> tuple[int, int]:
    counts = lake.rows("select (select count(*) from text_templates), (select count(*) from text_skeletons)")
    return int(counts[0][0]), int(counts[0][1])


def test_texts_that_differ_in_blanks_and_words_share_a_template_that_keeps_its_id(lake: Lake) -> None:
    save(lake, SALE.format("20%"), "Your kettle leaves our house tomorrow")
    assert templates(lake) == ["Sale until Sunday: ⟨…⟩% off", "Your kettle leaves our house tomorrow"]
    save(lake, "Your lamp leaves our house tomorrow", SALE.format(30), first=3)
    parcel = "Your ⟨…⟩ leaves our house tomorrow"
    assert templates(lake) == ["Sale until Sunday: ⟨…⟩ off", parcel, parcel, "Sale until Sunday: ⟨…⟩ off"]
    ids = [row[0] for row in lake.rows("select distinct template from message_facts order by 1")]
    save(lake, "Your lamp leaves our house tomorrow", first=5)
    assert [row[0] for row in lake.rows("select distinct template from message_facts order by 1")] == ids


def test_an_id_follows_from_the_first_text(lake: Lake) -> None:
    save(lake, SALE.format(20))
    assert lake.rows("select template from message_facts") == [(SALE_ID,)]


def test_inbound_messages_and_those_without_a_text_have_none(lake: Lake) -> None:
    save(lake, "", None, SALE.format(1))
    save(lake, "hello there my friend", first=4, direction="inbound", status="received")
    assert templates(lake) == [None, None, "Sale until Sunday: ⟨…⟩ off", None]


@pytest.mark.parametrize("mode", ["no_body", "masked", "hashed"])
def test_a_lake_that_keeps_no_texts_keeps_no_templates(lake: Lake, mode: str) -> None:
    save(lake, PERSONAL, privacy=Privacy(PrivacyMode(mode), b"k" * 16))
    assert (templates(lake), kept(lake)) == ([None], (0, 0))


def test_of_a_text_that_twilio_redacted_nothing_stays(lake: Lake) -> None:
    save(lake, PERSONAL, SALE.format(1))
    save(lake, "")
    prepare_templates(lake)
    assert templates(lake) == [None, "Sale until Sunday: ⟨…⟩ off"]
    assert kept(lake) == (1, 1)


def test_retention_of_texts_takes_their_templates(lake: Lake) -> None:
    save(lake, PERSONAL)
    rules = retention_rules(RetentionSettings(bodies=1))
    run_retention(lake, rules, "local:test", confirm=True, now=datetime(2026, 9, 20, tzinfo=UTC))
    assert (templates(lake), kept(lake)) == ([None], (0, 0))


def test_an_erasure_takes_the_words_that_only_this_person_was_sent(settings: Settings) -> None:
    with open_lake(settings) as lake:
        save(lake, PERSONAL, SALE.format("Mia 5"))
        save(lake, SALE.format("one two"), first=3, to="+14155550199")
    with Workbench(settings) as wb:
        wb.subject.erase(CONTACT, local_only=True, confirm=True)
    with open_lake(settings) as lake:
        assert templates(lake) == ["Sale until Sunday: ⟨…⟩ off"]
        assert kept(lake) == (1, 0)


PARCEL = "your parcel with the kettle leaves our house tomorrow."


@pytest.mark.parametrize(
    "text", [f"{{}} {PARCEL} Thanks for shopping", f"Good news, {PARCEL} Thanks for shopping, {{}}"]
)
def test_of_a_name_at_an_end_of_a_text_nothing_outlives_its_person(settings: Settings, text: str) -> None:
    with open_lake(settings) as lake:
        save(lake, text.format("Anna Schmidt,"))
        save(lake, text.format("Ben Maier,"), first=2, to="+14155550199")
        assert kept(lake) == (1, 2)
    with Workbench(settings) as wb:
        wb.subject.erase(CONTACT, local_only=True, confirm=True)
    with open_lake(settings) as lake:
        for table in ("text_templates", "text_skeletons"):
            rows = repr(lake.rows(f"from {table}"))
            assert not [name for name in ("Anna", "Schmidt") if name in rows]
        assert list(read_template_words(lake).values()) == [text.format(BLANK)]
        # The hashes find it still.
        save(lake, text.format("Cem Kaya,"), first=3, to="+14155550198")
        assert kept(lake)[0] == 1


def test_messages_of_an_older_version_get_their_templates_once(settings: Settings) -> None:
    make_lake_of(settings, 45)
    with open_lake(settings) as lake:
        lake.write(lambda cursor: cursor.execute("update raw_messages set body = 'Sale until Sunday: 5 off'"))
        assert prepare_templates(lake) == 1  # the other message is inbound
        assert [words for words in templates(lake) if words] == ["Sale until Sunday: ⟨…⟩ off"]
        snapshot = lake.snapshot_id()
        assert prepare_templates(lake) == 0
        assert lake.snapshot_id() == snapshot


def test_reading_a_message_again_is_no_change_and_gives_no_other_template(lake: Lake) -> None:
    save(lake, SALE.format(1))
    before = lake.rows("from raw_messages")
    lake.write(lambda cursor: cursor.execute("update raw_messages set template = null"))
    snapshot = lake.snapshot_id()
    save(lake, SALE.format(1))
    assert lake.snapshot_id() == snapshot
    prepare_templates(lake)
    assert lake.rows("from raw_messages") == before


WORDS = st.lists(
    st.sampled_from(["your", "order", "is", "packed", "now", "we", "thank", "you", "for", "it"]),
    min_size=1,
    max_size=9,
)


@given(st.lists(WORDS, min_size=1, max_size=12))
def test_a_template_has_only_words_of_its_texts_in_their_order(texts: Sequence[Sequence[str]]) -> None:
    """However the texts arrive, and whatever the template lost since."""
    finder = TemplateFinder()
    pairs = [(words, finder.find(" ".join(words))) for words in texts]
    for words, template in pairs:
        rest = iter(words)
        assert all(word in rest for word in template.words if word != BLANK)
