"""One person in all forms that the lake may store: every spelling of the number, on every channel."""

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
    """A person with a phone number."""

    number: str
    """E.164; never written to the lake, a log or a file by itself."""
    numbers: tuple[str, ...]
    """Every spelling of the number; `number` itself is the first."""
    addresses: tuple[str, ...]
    """The addresses as Twilio writes them: each spelling on each channel."""
    contacts: tuple[str, ...]
    """The addresses as this lake stores them, and unchanged, because an imported contact may be unchanged."""
    is_shared: bool
    """Whether the lake keeps masked numbers, which several people can share."""

    @property
    def masked(self) -> str:
        return mask(self.number)

    @property
    def digits(self) -> tuple[str, ...]:
        """What to search for in texts: the person's numbers without the plus."""
        return tuple(number[1:] for number in self.numbers)

    @property
    def words(self) -> tuple[str, ...]:
        """What to search for in files: the numbers without the plus, and the pseudonyms of this lake."""
        digits = self.digits
        pseudonyms = (kept for kept in self.contacts if not any(number in kept for number in digits))
        return (*digits, *pseudonyms)

    def __repr__(self) -> str:
        return f"Person({self.masked!r})"


def find_person(text: str, privacy: Privacy) -> DataSubject:
    """The person of a number, typed with its country code.

    Raises:
        UsageError: the text is not an international number.
    """
    number = person_of(normalize_address(_TYPED.sub("", text)))
    if not is_e164(number):
        raise UsageError(
            f"{text!r} is not the number of a person. Write it with its country code, such as +14155552671."
        )
    numbers = spellings(number)
    addresses = tuple(channel + spelling for spelling in numbers for channel in _CHANNELS)
    kept = (form for address in addresses for form in privacy.contact_forms(address))
    contacts = tuple(dict.fromkeys([*kept, *addresses]))
    return DataSubject(number, numbers, addresses, contacts, privacy.mode is PrivacyMode.MASKED)


def require_alone(person: DataSubject) -> None:
    """Refuse an action for one person if the lake cannot tell people apart.

    Raises:
        UsageError: the lake keeps masked numbers.
    """
    if person.is_shared:
        raise UsageError(_shared(person.masked))


def require_whole_number(contact: str) -> None:
    """Refuse an action for the one person behind a stored address, if there may be several.

    Raises:
        UsageError: the address is kept masked.
    """
    if "***" in contact:
        raise UsageError(_shared(contact))


def _shared(masked: str) -> str:
    return (
        f"This lake keeps masked numbers, and {masked} can be several people: their rows cannot "
        "be told apart. It holds no whole number and no text of anybody."
    )
