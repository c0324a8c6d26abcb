"""One person's messages at Twilio, in every account of the lake, deleted or redacted one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workbench.compliance.data_subject import DataSubject
from workbench.lake.connect import Lake
from workbench.twilio.client import TwilioClient
from workbench.twilio.erasing import Removal, Way, find_messages, remove_message


def remove_at_twilio(
    lake: Lake,
    client: TwilioClient,
    person: DataSubject,
    way: Way,
    on_removal: Callable[[Removal], None] = lambda removal: None,
) -> list[Removal]:
    """What became of each message of a person that Twilio still lists.

    Args:
        way: delete the messages, or only redact their texts.
        on_removal: is told of each one as it is done.
    """
    removals = []
    for account_sid, message_sid in _messages_at_twilio(lake, client, person):
        removals.append(remove_message(client, account_sid, message_sid, way))
        on_removal(removals[-1])
    return removals


def _messages_at_twilio(lake: Lake, client: TwilioClient, person: DataSubject) -> Iterator[tuple[str, str]]:
    accounts = {row[0] for row in lake.rows("select distinct account_sid from raw_messages")}
    for account_sid in sorted({client.account_sid, *accounts}):
        message_sids = {
            sid for address in person.addresses for sid in find_messages(client, account_sid, address)
        }
        for message_sid in sorted(message_sids):
            yield account_sid, message_sid
