"""Every seeded breach is found and nothing else, against the simulator's books and rules applied by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compliance.conftest import NOW, Installation
from tests.lakes import lake_of
from tests.messages import payload
from workbench.compliance.checks import judge_place, prepare_audits
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.opt_out_clock import opt_out_clock
from workbench.messaging.quiet_hours import check_quiet_hours, load_rules
from workbench.messaging.quiet_spans import allowed_spans
from workbench.metrics.audits import AUDITS
from workbench.metrics.run import query_audit, query_metric

RULES = load_rules()


def sids(installation: Installation, audit: str) -> set[str]:
    return set(installation.wb.compliance.rows(audit)["message_sid"])


def test_the_account_has_breaches_of_every_kind(synced: Installation) -> None:
    counts = {kind: len(sids) for kind, sids in synced.breaches.items()}
    assert all(counts.values()), counts


@pytest.mark.parametrize("name", AUDITS)
def test_a_metric_counts_exactly_the_rows_of_its_audit(synced: Installation, name: str) -> None:
    audit = AUDITS[name]
    rows = synced.wb.compliance.rows(name)
    counted = int(synced.wb.metric(audit.metric)[audit.metric].iloc[0])
    if name == "frequency":
        assert counted == rows["messages_in_week"].max()
    else:
        assert counted == len(rows) == rows["message_sid"].nunique()


def test_free_text_revocations_are_found_and_nothing_else(synced: Installation) -> None:
    assert set(synced.wb.consent.revocations("all")["message_sid"]) == synced.breaches["free_text_revocation"]


def test_unregistered_senders_are_found_and_nothing_else(synced: Installation) -> None:
    assert sids(synced, "unregistered") == synced.breaches["sent_by_unregistered_sender"]


def test_marketing_after_an_opt_out_elsewhere_is_found_and_nothing_else(synced: Installation) -> None:
    audited = sids(synced, "after-opt-out-elsewhere")
    assert audited & synced.marketing == synced.breaches["marketing_after_opt_out_from_another_sender"]


def test_messages_after_a_revocation_are_found_once_it_is_decided(synced: Installation) -> None:
    wb = synced.wb
    expected = synced.breaches["sent_after_free_text_revocation"]
    assert not sids(synced, "after-opt-out")
    for sid in wb.consent.revocations()["message_sid"]:
        wb.consent.decide(sid, "opt-out")
    assert sids(synced, "after-opt-out") == expected
    assert wb.consent.revocations().empty
    frame = wb.compliance.counts()
    assert dict(zip(frame["audit"], frame["value"], strict=True))["after-opt-out"] == len(expected)
    # A decision that was a mistake ends the opt-out now, and does not rewrite the past.
    sid = wb.consent.revocations("opt-out")["message_sid"].iloc[0]
    wb.consent.decide(sid, "not-opt-out", note="meant another number")
    assert list(wb.consent.revocations("not-opt-out")["message_sid"]) == [sid]
    wb.consent.decide(sid, "opt-out")
    assert lake_of(wb).value("select kind from consent_events order by recorded_at desc limit 1") == "opt-out"
    assert [
        row[0] for row in lake_of(wb).rows("select action from audit_events order by seq desc limit 2")
    ] == ["revocation-decision"] * 2
    assert wb.audit.verify().is_whole


def sent(lake: Lake) -> list[tuple[str, str, datetime]]:
    return lake.rows("select message_sid, contact, sent_at from sent_facts where contact is not null")


def test_quiet_hours_of_the_whole_log_are_those_of_every_single_message(synced: Installation) -> None:
    expected = {
        sid
        for sid, contact, at in sent(lake_of(synced.wb))
        if check_quiet_hours(contact, at, rules=RULES).is_quiet
    }
    assert sids(synced, "quiet-hours") == expected
    assert synced.breaches["marketing_in_quiet_hours"] <= expected


def test_with_the_federal_hours_alone_seeded_breaches_are_found_and_nothing_else(
    synced: Installation, tmp_path: Path
) -> None:
    """The simulator knows where each person is; a number alone tells it where the area has one zone."""
    own = synced.home / "quiet_hours.toml"
    own.write_text('as_of = 2026-01-01\n[default]\nsend = "08:00-21:00"\nsource = "test"\n')
    try:
        audited = sids(synced, "quiet-hours") & synced.marketing
        certain = {
            sid
            for sid, contact, at in sent(lake_of(synced.wb))
            if len(check_quiet_hours(contact, at, rules=RULES).zones) == 1
        }
        assert audited & certain == synced.breaches["marketing_in_quiet_hours"] & certain
        assert synced.breaches["marketing_in_quiet_hours"] <= audited
    finally:
        own.unlink()
        synced.wb._installation.prepare_audits()


def test_sends_without_consent_are_those_not_in_the_ledger_at_the_time(
    synced: Installation, tmp_path: Path
) -> None:
    wb = synced.wb
    people = sorted({contact for _, contact, _ in sent(lake_of(wb))})
    without, late = set(people[:5]), people[5]
    lines = [f"{person},opt-in,2026-07-01T00:00:00Z" for person in people if person not in {*without, late}]
    lines.append(f"{late},opt-in,{NOW.isoformat()}")
    file = tmp_path / "consent.csv"
    file.write_text("address,kind,date\n" + "\n".join(lines))
    told, added = wb.consent.import_file(file, scope="*", confirm=True)
    assert (len(told.rejects), added) == (0, len(lines))
    contacts = set(query_audit(lake_of(wb), "without-consent")["contact"])
    assert contacts == without | {late}


def test_first_contacts_are_judged_by_their_text(synced: Installation) -> None:
    lake = lake_of(synced.wb)
    first: dict[tuple[str, str], tuple[datetime, str, str]] = {}
    for contact, reach, at, sid, body, kind in lake.rows(
        "select contact, reach, sent_at, message_sid, body, sender_type from sent_facts"
    ):
        if kind != "whatsapp":
            first[contact, reach] = min(first.get((contact, reach), (at, sid, body)), (at, sid, body))
    words = ("stop", "opt out", "abmelden")
    expected = {sid for _, sid, body in first.values() if not any(word in body.lower() for word in words)}
    assert sids(synced, "first-contact") == expected


def test_the_busiest_week_is_counted_over_any_seven_days(synced: Installation) -> None:
    by_person: dict[str, list[datetime]] = {}
    for _, contact, at in sent(lake_of(synced.wb)):
        by_person.setdefault(contact, []).append(at)
    most = max(
        sum(at - timedelta(days=7) <= other <= at for other in times)
        for times in by_person.values()
        for at in times
    )
    assert int(synced.wb.metric("most_messages_in_a_week")["most_messages_in_a_week"].iloc[0]) == most


def test_a_late_revocation_is_one_whose_ten_business_days_are_over(lake: Lake) -> None:
    wrote = {"direction": "inbound", "status": "received", "from": "+14155550123", "to": "+12025550110"}
    at = datetime(2026, 9, 3, 23, 30, tzinfo=UTC)
    rows = [message_row(payload(1, body="no mas", date_created=at, date_sent=at, **wrote))]
    lake.write(lambda c: save_messages(c, message_table(rows), source="sync", received_at=at))
    prepare_audits(lake, at)
    # Thursday, 3 September 2026; the 7th is Labor Day, so the tenth business day is Friday the 18th.
    assert lake.rows("select due_at, is_late, state from revocations") == [
        (datetime(2026, 9, 19, tzinfo=UTC), datetime.now(UTC) > datetime(2026, 9, 19, tzinfo=UTC), "waiting")
    ]


def test_texts_that_were_there_before_the_list_are_read_once(lake: Lake) -> None:
    wrote = {"direction": "inbound", "status": "received", "from": "+14155550123", "to": "+12025550110"}
    rows = [
        message_row(payload(n, body=body, **wrote)) for n, body in enumerate(("leave me alone", "hello"), 1)
    ]
    rows = [row._replace(revocation=None, revocation_language=None) for row in rows]
    lake.write(lambda c: save_messages(c, message_table(rows), source="sync", received_at=NOW))
    prepare_audits(lake, NOW)
    prepare_audits(lake, NOW)
    assert lake.rows("select revocation, revocation_language from revocations") == [("leave me alone", "en")]
    assert lake.value("select count(*) from revocation_lists") == 1


@given(
    st.sampled_from(
        ["+1415", "+1512", "+1850", "+1907", "+1800", "+3361234", "+6141234", "+9198123", "country:US"]
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20), timezones=st.just(UTC)),
)
@settings(max_examples=80, deadline=None)
def test_spans_and_moments_agree(place: str, at: datetime) -> None:
    judged = judge_place(place, RULES)
    spans = allowed_spans(judged.places, at.date() - timedelta(days=1), at.date() + timedelta(days=1))
    is_allowed = any(begin <= at < end for begin, end in spans)
    from zoneinfo import ZoneInfo

    assert is_allowed == all(rule.allows(at.astimezone(ZoneInfo(zone))) for zone, rule in judged.places)


@pytest.mark.parametrize(
    ("contact", "country", "place"),
    [
        ("+14155552671", "US", "+1415"),
        ("whatsapp:+14155552671", "US", "+1415"),
        ("+1415***2671", "US", "+1415"),
        ("+1415267XXXX", "US", "+1415"),
        ("+33612345678", "FR", "+33612345"),
        ("+336***5678", "FR", "country:FR"),
        ("anon-0123456789abcdef", "US", "country:US"),
        ("ACME", None, "country:"),
    ],
)
def test_the_place_of_an_address(lake: Lake, contact: str, country: str | None, place: str) -> None:
    assert lake.value("select address_place(?, ?)", [contact, country]) == place


def test_a_hidden_number_in_the_united_states_takes_the_strictest_state() -> None:
    judged = judge_place("country:US", RULES)
    spans = allowed_spans(judged.places, date(2026, 6, 15), date(2026, 6, 15))
    # 09:00 in Hawaii (by no stricter rule than the federal 08:00) to 20:00 in Florida, a Monday.
    assert spans[0] == (datetime(2026, 6, 15, 18, tzinfo=UTC), datetime(2026, 6, 16, 0, tzinfo=UTC))


def test_the_ten_business_days_of_every_day_of_a_year() -> None:
    clock = opt_out_clock()
    # Thanksgiving, Christmas and New Year lie in these.
    assert clock.due_at(date(2026, 11, 20)) == datetime(2026, 12, 8, tzinfo=UTC)
    assert clock.due_at(date(2026, 12, 24)) == datetime(2027, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", AUDITS)
def test_an_empty_lake_has_no_breaches(lake: Lake, name: str) -> None:
    prepare_audits(lake)
    assert query_audit(lake, name).empty
    assert query_metric(lake, AUDITS[name].metric).frame.iloc[0, 0] == 0
