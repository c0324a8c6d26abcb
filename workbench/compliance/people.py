"""One person, as the lake may know them: a number, over every channel, in the form this lake keeps."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import UsageError
from workbench.messaging.addresses import is_e164, mask, normalize_address
from workbench.messaging.privacy import Privacy, PrivacyMode

_CHANNELS = ("", "whatsapp:", "rcs:", "messenger:")


@dataclass(frozen=True)
class Person:
    """Somebody with a number."""

    number: str
    """E.164; never written to the lake, a log or a file by itself."""
    addresses: tuple[str, ...]
    """As Twilio writes them, one for each channel."""
    contacts: tuple[str, ...]
    """The same as this lake keeps them."""
    is_shared: bool
    """Whether the lake keeps masked numbers, which several people can share."""

    @property
    def masked(self) -> str:
        return mask(self.number)

    def __repr__(self) -> str:
        return f"Person({self.masked!r})"


def find_person(text: str, privacy: Privacy) -> Person:
    """The person of a number, typed with its country code.

    Raises:
        UsageError: it is no international number.
    """
    number = normalize_address(text).rpartition(":")[2]
    if not is_e164(number):
        raise UsageError(
            f"{text!r} is no person's number. Write it with its country code, such as +14155552671."
        )
    addresses = tuple(channel + number for channel in _CHANNELS)
    contacts = tuple(str(privacy.contact(address)) for address in addresses)
    return Person(number, addresses, contacts, privacy.mode is PrivacyMode.MASKED)


def require_alone(person: Person) -> None:
    """Refuse what must concern one person only, where the lake cannot tell people apart.

    Raises:
        UsageError: the lake keeps masked numbers.
    """
    if person.is_shared:
        raise UsageError(
            f"This lake keeps masked numbers, and {person.masked} can be several people: their rows cannot "
            "be told apart. It holds no whole number and no text of anybody."
        )
