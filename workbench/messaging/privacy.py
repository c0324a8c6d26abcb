"""The privacy modes: what may be stored of a message. Applied to each row before it is written. Pure.

| mode | contact, and its side of from/to | body | conversation_id |
|---|---|---|---|
| `full` | kept | kept | kept |
| `no_body` | kept | never | kept |
| `masked` | `+1415***2671`; short codes and sender names stay | never | by keyed hash |
| `hashed` | a keyed hash, the channel prefix stays | never | by keyed hash |

Everything else is kept in every mode: our own sender, service, status, error, price, times, and what is
computed from the number and the body before these are removed: country, keyword, encoding, segments, media
count. A body that the mode does not allow is NULL; an empty body was redacted at Twilio, or there never was
one: then it has no encoding either.

Where numbers are hidden, bodies are removed too, because people write numbers and names into them. In `full`
and `no_body` a conversation's id is a hash without a key, which could be reversed by trying every number; so
`masked` and `hashed` compute it from the keyed hash, and conversations still stay together. Several people
can share one masked number, so a count of contacts is too low in `masked`; in `hashed` it is exact.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from workbench.errors import ConfigError
from workbench.messaging.addresses import mask
from workbench.messaging.keywords import NO_OWN_KEYWORDS, OwnKeywords
from workbench.messaging.message import MessageRow, conversation_id, with_own_keyword
from workbench.messaging.person import address_spellings, respelled

HASH_MARK = "anon-"
"""The first characters of every hashed contact, so that it is never mistaken for an address."""


class PrivacyMode(StrEnum):
    """What may be kept; see the table above."""

    FULL = "full"
    NO_BODY = "no_body"
    MASKED = "masked"
    HASHED = "hashed"

    @property
    def needs_key(self) -> bool:
        return self in (PrivacyMode.MASKED, PrivacyMode.HASHED)


def privacy_mode(text: str) -> PrivacyMode:
    """The mode with this name.

    Raises:
        ConfigError: no mode has this name.
    """
    try:
        return PrivacyMode(text)
    except ValueError as error:
        allowed = ", ".join(PrivacyMode)
        raise ConfigError(f"[privacy] mode is {text!r}; it must be one of {allowed}.") from error


@dataclass(frozen=True)
class Privacy:
    """A mode with its key.

    Args:
        key: 16 to 64 secret bytes, the same for the whole life of a lake; for `masked` and `hashed`.
        own_keywords: the account's, which are looked for before a text is removed.

    Raises:
        ConfigError: the mode needs a key, and the key is missing, too short or too long.
    """

    mode: PrivacyMode = PrivacyMode.FULL
    key: bytes | None = field(default=None, repr=False)
    own_keywords: OwnKeywords = NO_OWN_KEYWORDS

    def __post_init__(self) -> None:
        if self.mode.needs_key and not 16 <= len(self.key or b"") <= 64:
            raise ConfigError(f"Privacy mode {self.mode!s} needs a key of 16 to 64 bytes.")

    def __reduce__(self) -> str:
        raise TypeError("a Privacy holds a key and is never pickled")

    @property
    def keeps_all(self) -> bool:
        return self.mode is PrivacyMode.FULL

    @property
    def leaves_rows(self) -> bool:
        """Whether :meth:`apply` changes no row at all."""
        return self.keeps_all and not self.own_keywords

    def apply(self, row: MessageRow) -> MessageRow:
        """The row as it may be stored. Call it once, on a row as it was read from Twilio."""
        row = with_own_keyword(row, self.own_keywords)
        if self.keeps_all:
            return row
        if self.mode is PrivacyMode.NO_BODY:
            return row._replace(body=None)
        contact = self.contact(row.contact)
        return row._replace(
            body=None,
            contact=contact,
            from_address=row.from_address if row.is_outbound else contact,
            to_address=contact if row.is_outbound else row.to_address,
            conversation_id=self.conversation_id(row.sender or row.messaging_service_sid, row.contact),
        )

    def contact(self, address: str | None) -> str | None:
        """A contact's address as this lake stores it, to find a person's rows by their number."""
        if not address or not self.mode.needs_key:
            return address
        return self._kept(respelled(address))

    def _kept(self, address: str) -> str:
        return self._hashed(address) if self.mode is PrivacyMode.HASHED else mask(address)

    def contact_forms(self, address: str) -> tuple[str, ...]:
        """Every form in which this lake may store the person of an address, on the same channel.

        A lake that hides numbers has one form for all spellings of a number. An older version of the
        workbench hid each spelling by itself, so these forms are included.
        """
        if not self.mode.needs_key:
            return (address,)
        written = (respelled(address), *address_spellings(address))
        return tuple(dict.fromkeys(map(self._kept, written)))

    def conversation_id(self, our_side: str | None, contact: str | None) -> str | None:
        """The id of a conversation as this lake stores it, from the addresses as Twilio writes them."""
        if contact and self.mode.needs_key:
            contact = self._hashed(respelled(contact))
        return conversation_id(our_side, contact)

    @property
    def key_check(self) -> str | None:
        """A value that differs between two keys and does not reveal the key; None without a key."""
        return self._digest(b"", b"wb-key-check", 8) if self.mode.needs_key else None

    def fingerprint(self, data: bytes) -> str:
        """A hash to tell data apart; with a key where numbers are hidden, so that it reveals nothing."""
        return self._digest(data, b"wb-row", 16)

    def _hashed(self, address: str) -> str:
        # Without the channel's prefix, so that a person has the same hash by SMS and by WhatsApp.
        prefix, colon, name = address.rpartition(":")
        return prefix + colon + HASH_MARK + self._digest(name.encode(), b"wb-contact", 16)

    def _digest(self, data: bytes, purpose: bytes, size: int) -> str:
        return hashlib.blake2b(data, digest_size=size, key=self.key or b"", person=purpose).hexdigest()
