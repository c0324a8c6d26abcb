"""One person as the lake may know them: every spelling of a number, on every channel, in the lake's form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.errors import UsageError
from workbench.messaging.address_reader import normalize_address
from workbench.messaging.addresses import is_e164, mask
from workbench.messaging.person import person_of, spellings
from workbench.messaging.privacy import Privacy, PrivacyMode

_TYPED = re.compile(r"[\s().\-]")
_CHANNELS = ("", "whatsapp:", "rcs:", "messenger:")


@dataclass(frozen=True)
class DataSubject:
    """Somebody with a number."""

    number: str
    """E.164; never written to the lake, a log or a file by itself."""
    numbers: tuple[str, ...]
    """The same number in every spelling, that one first."""
    addresses: tuple[str, ...]
    """As Twilio writes them, each number on each channel."""
    contacts: tuple[str, ...]
    """The same as this lake keeps them, and as they are: a contact that was imported may stand so."""
    is_shared: bool
    """Whether the lake keeps masked numbers, which several people can share."""

    @property
    def masked(self) -> str:
        return mask(self.number)

    @property
    def digits(self) -> tuple[str, ...]:
        """What stands for them in a text: their numbers without the plus."""
        return tuple(number[1:] for number in self.numbers)

    def __repr__(self) -> str:
        return f"Person({self.masked!r})"


def find_person(text: str, privacy: Privacy) -> DataSubject:
    """The person of a number, typed with its country code.

    Raises:
        UsageError: it is no international number.
    """
    number = person_of(normalize_address(_TYPED.sub("", text)))
    if not is_e164(number):
        raise UsageError(
            f"{text!r} is no person's number. Write it with its country code, such as +14155552671."
        )
    numbers = spellings(number)
    addresses = tuple(channel + one for one in numbers for channel in _CHANNELS)
    kept = (form for address in addresses for form in privacy.contact_forms(address))
    contacts = tuple(dict.fromkeys([*kept, *addresses]))
    return DataSubject(number, numbers, addresses, contacts, privacy.mode is PrivacyMode.MASKED)


def require_alone(person: DataSubject) -> None:
    """Refuse what must concern one person only, where the lake cannot tell people apart.

    Raises:
        UsageError: the lake keeps masked numbers.
    """
    if person.is_shared:
        raise UsageError(
            f"This lake keeps masked numbers, and {person.masked} can be several people: their rows cannot "
            "be told apart. It holds no whole number and no text of anybody."
        )
