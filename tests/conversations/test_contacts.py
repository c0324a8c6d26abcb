"""What is said about contacts: checked, merged, undone, and carried in files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conversations.known import ANA, BEN, CAL, DEE
from workbench.conversations.contact_files import contacts_csv, export_contacts, plan_import
from workbench.conversations.contacts import (
    plan_edit,
    plan_merge,
    read_contact,
    read_contacts,
    same_person,
    save_changes,
    search_contacts,
    undo_change,
)
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.messaging.address_reader import NumberContext


def say(lake: Lake, address: str, **values: str | None) -> str | None:
    return save_changes(lake, plan_edit(read_contact(lake, address), values), "local:a", "contact-edit")


def test_contacts_come_with_their_messages(told: Lake) -> None:
    contacts = {
        contact.address: (contact.received, contact.sent, contact.country, contact.consent)
        for contact in read_contacts(told)
    }
    assert contacts == {
        ANA: (3, 3, "US", None),
        BEN: (1, 2, "US", "opted-out"),
        CAL: (2, 2, "DE", None),
        DEE: (1, 0, "MX", None),
    }


def test_a_zone_of_ones_own_wins_over_the_numbers(known_lake: Lake) -> None:
    noon = datetime(2026, 9, 7, 12, tzinfo=UTC)
    assert read_contact(known_lake, ANA).zones == ("America/Los_Angeles",)
    say(known_lake, ANA, time_zone="Asia/Tokyo")
    clocks = read_contact(known_lake, ANA).local_times(noon)
    assert clocks is not None
    assert [f"{clock:%H:%M}" for clock in clocks] == ["21:00", "21:00"]
    assert read_contact(known_lake, "55501").local_times(noon) is None


def test_values_are_checked_and_the_same_again_changes_nothing(known_lake: Lake) -> None:
    assert say(known_lake, ANA, name="  Ana   <b>Li</b> ", labels="VIP; late,vip") is not None
    ana = read_contact(known_lake, ANA)
    assert (ana.name, ana.labels) == ("Ana <b>Li</b>", ("late", "vip"))
    assert say(known_lake, ANA, name="Ana <b>Li</b>", labels="late,vip") is None
    assert [contact.address for contact in search_contacts(known_lake, "li</b>")[0]] == [ANA]
    for field, value, message in (
        ("time_zone", "Mars/Base", "'Mars/Base' is no time zone"),
        ("language", "english please", "is no language"),
        ("name", "x" * 121, "at most 120 characters"),
        ("phone", "1", "no field 'phone'; allowed are name, labels, language, time_zone"),
    ):
        with pytest.raises(UsageError, match=message):
            say(known_lake, ANA, **{field: value})


def test_merged_addresses_are_one_person_and_can_be_parted_again(known_lake: Lake) -> None:
    say(known_lake, ANA, name="Ana Li", language="es")
    first = save_changes(known_lake, plan_merge(known_lake, DEE, CAL), "local:a", "contact-merge")
    # Who was merged into the one that is merged now follows.
    second = save_changes(known_lake, plan_merge(known_lake, CAL, ANA), "local:a", "contact-merge")
    assert first is not None
    assert second is not None
    assert same_person(known_lake, DEE) == [ANA, CAL, DEE]
    assert {read_contact(known_lake, address).name for address in (ANA, CAL, DEE)} == {"Ana Li"}
    with pytest.raises(UsageError, match="are the same person already"):
        plan_merge(known_lake, DEE, ANA)
    # What is said of one of them is said of the person.
    say(known_lake, DEE, name="Ana Li-Roth")
    assert read_contact(known_lake, CAL).name == "Ana Li-Roth"
    with pytest.raises(UsageError, match="changed again since"):
        undo_change(known_lake, first, "local:a")
    undo_change(known_lake, second, "local:a")
    assert same_person(known_lake, ANA) == [ANA]
    assert same_person(known_lake, DEE) == [CAL, DEE]
    assert read_contact(known_lake, DEE).name is None
    with pytest.raises(UsageError, match="No change 'nonsense'"):
        undo_change(known_lake, "nonsense", "local:a")
    actions = [row[0] for row in known_lake.rows("select action from audit_events order by seq")]
    assert actions == ["contact-edit", "contact-merge", "contact-merge", "contact-edit", "contact-undo"]


def test_a_file_goes_out_and_comes_in_again(known_lake: Lake, tmp_path: Path) -> None:
    hostile = '=HYPERLINK("https://example.com","x")'
    say(known_lake, ANA, name=hostile, labels="vip,late")
    say(known_lake, BEN, name="'quoted", time_zone="America/Chicago")
    path = tmp_path / "contacts.csv"
    assert export_contacts(known_lake, path, "local:a") == 4
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().splitlines() == [
        "address,name,labels,language,time_zone",
        "'+13125550124,''quoted,,,America/Chicago",
        '\'+14155550123,"\'=HYPERLINK(""https://example.com"",""x"")",late;vip,,',
        "'+4915123456789,,,,",
        "whatsapp:+5215512345678,,,,",
    ]
    assert plan_import(known_lake, path).changes == ()
    assert plan_import(known_lake, path).problems == ()
    assert known_lake.rows("select detail from audit_events where action = 'export'") == [
        ('{"rows": 4, "what": "contacts"}',)
    ]


def test_an_import_shows_its_changes_and_refuses_a_file_with_a_wrong_line(
    known_lake: Lake, tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(
        "Name,Address\nAna,(415) 555-0123\nNew,+16505550100\n\n"
        "Twice,+1 650 555 0100\nNobody,12\nToo,many,cells\n"
    )
    plan = plan_import(known_lake, path, NumberContext("US"))
    assert [(change.address, change.field, change.before, change.after) for change in plan.changes] == [
        (ANA, "name", None, "Ana"),
        ("+16505550100", "name", None, "New"),
    ]
    assert [(line, reason[:32]) for line, reason in plan.problems] == [
        (5, "'+1 650 555 0100' stands in the "),
        (6, "'12' is not an address that can "),
        (7, "it has 3 cells where the header "),
    ]
    with pytest.raises(UsageError, match=r"Line 5: .* Nothing was imported"):
        plan.require_clean()
    path.write_text("shoe,name\n+14155550123,Ana\n")
    with pytest.raises(UsageError, match="column names"):
        plan_import(known_lake, path)


def test_csv_of_nobody_is_its_header() -> None:
    assert contacts_csv([]) == "address,name,labels,language,time_zone\n"


def test_contacts_of_a_spreadsheet(known_lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "contacts.txt"
    path.write_bytes("Mobile\tName\tTime Zone\r\n14155550123\tAna\tAmerica/Denver\r\n".encode("utf-16"))
    plan = plan_import(known_lake, path, NumberContext(sender_countries=("US",)))
    assert plan.problems == ()
    assert [(change.address, change.field, change.after) for change in plan.changes] == [
        (ANA, "name", "Ana"),
        (ANA, "time_zone", "America/Denver"),
    ]


def test_every_wrong_line_is_named(known_lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("address,name\n" + "1.41556E+10,Ana\n" * 30)
    with pytest.raises(UsageError) as refused:
        plan_import(known_lake, path).require_clean()
    assert str(refused.value).startswith("Line 2: '1.41556E+10' is not an address")
    assert "line 21: " in str(refused.value)
    assert "; and 10 more (30 in all). Nothing was imported" in str(refused.value)
