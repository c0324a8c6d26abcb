"""Who can be written to and from which sender: the checks of `To` and `From`, with the codes of Twilio.

Number plans are those of the ``phonenumbers`` library, as in the product. Short codes and names are no
recipients. Landlines are attempted in the countries of LANDLINES_TRIED and refused elsewhere.
"""

from __future__ import annotations

from functools import lru_cache

from workbench.messaging.addresses import address_kind, channel, country, is_e164
from workbench.messaging.person import person_of
from workbench.simulator.account.inventory import Inventory
from workbench.simulator.errors import ApiError
from workbench.simulator.traffic.profile import Sender
from workbench.simulator.traffic.world import COUNTRIES, COUNTRY_INDEX

MMS_COUNTRIES = frozenset({"US", "CA", "AU"})
LANDLINES_TRIED = frozenset({"US", "CA", "GB"})
_HOME_ONLY = ("short code", "toll-free")
_NO_MOBILE = ("pager", "shared cost", "company", "voicemail")


def refuse(code: int, message: str) -> ApiError:
    """The answer to a wrong request: HTTP 400 with Twilio's code."""
    return ApiError(400, code, message)


def check_to(to: str) -> str:
    """The recipient, if it is a number that exists in its number plan.

    Raises:
        ApiError: 400 with 21604 (missing), 21265 (a short code) or 21211 (no number).
    """
    if not to:
        raise refuse(21604, "A 'To' phone number is required.")
    if address_kind(to) == "short code":
        raise refuse(21265, f"The 'To' number {to} cannot be a Short Code.")
    number = to.partition(":")[2] if channel(to) != "sms" else to
    must_be_number = channel(to) in ("sms", "whatsapp")
    if (must_be_number and not is_e164(number)) or (is_e164(number) and number_kind(number) is None):
        raise refuse(21211, f"The 'To' number {to} is not a valid phone number.")
    return to


def check_from(inventory: Inventory, address: str, to: str) -> int:
    """The index of the sender.

    Raises:
        ApiError: 400 with 21212 (no possible sender), 21910 (another channel), 21266 (the recipient
            itself) or 21606 (not of this account).
    """
    number = address.rpartition(":")[2]
    if address_kind(address) == "unknown" or (number.startswith("+") and not is_valid(number)):
        raise refuse(21212, f"The 'From' number {address} is not a valid phone number, short code or name.")
    if channel(address) != channel(to):
        raise refuse(21910, f"'From' {address} and 'To' {to} are of different channels.")
    if address.lower() == to.lower():
        raise refuse(21266, "'To' and 'From' numbers cannot be the same.")
    index = inventory.sender_index(address)
    if index is None:
        raise refuse(
            21606, f"The 'From' phone number {address} is not a message-capable number of this account."
        )
    return index


def check_region(to: str, *, force: bool) -> None:
    """Refuse countries that are not enabled, and lines that take no messages.

    Raises:
        ApiError: 400 with 21408, 21268 (premium rate), 21635 (landline) or 21614 (another kind of line).
    """
    number = to.rpartition(":")[2]
    if not is_e164(number):
        return
    if country(number) not in COUNTRY_INDEX:
        raise refuse(21408, f"Permission to send to the region of the 'To' number {to} is not enabled.")
    kind = number_kind(number) if channel(to) == "sms" else None
    if kind == "premium rate":
        raise refuse(21268, f"Sending to the premium rate number {to} is not allowed.")
    if kind == "landline" and country(number) not in LANDLINES_TRIED and not force:
        raise refuse(21635, f"The 'To' number {to} cannot be a landline.")
    if kind in _NO_MOBILE:
        raise refuse(21614, f"The 'To' number {to} is not a valid mobile number.")


def can_reach(sender: Sender, to: str) -> bool:
    """Whether messages of this sender are carried to the country of a recipient of the same channel."""
    if channel(sender.address) != channel(to) or sender.address.lower() == to.lower():
        return False
    place = COUNTRY_INDEX.get(country(to) or "")
    if sender.kind == "alphanumeric":
        return place is None or COUNTRIES[place].takes_alphanumeric
    return sender.kind not in _HOME_ONLY or country(to) in ("US", "CA")


def takes_mms(sender: Sender) -> bool:
    """Whether a sender can send media: numbers and short codes of the countries with MMS, and channels."""
    return sender.kind == "whatsapp" or (sender.kind != "alphanumeric" and sender.country in MMS_COUNTRIES)


def gets_mms(to: str) -> bool:
    """Whether media reaches the recipient as media: on a channel, or in a country with MMS."""
    return channel(to) != "sms" or country(to) in MMS_COUNTRIES


def is_valid(number: str) -> bool:
    """Whether a number exists in its country's number plan; a former spelling of a number counts."""
    return is_e164(number) and number_kind(number) is not None


@lru_cache(maxsize=2**14)
def number_kind(number: str) -> str | None:
    """The kind of line of an international number, such as "mobile"; None if it cannot exist."""
    return _kind_in_plan(number) or _kind_in_plan(person_of(number))


def _kind_in_plan(number: str) -> str | None:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    kinds = phonenumbers.PhoneNumberType
    names = {
        kinds.FIXED_LINE: "landline",
        kinds.MOBILE: "mobile",
        kinds.FIXED_LINE_OR_MOBILE: "landline or mobile",
        kinds.TOLL_FREE: "toll-free",
        kinds.PREMIUM_RATE: "premium rate",
        kinds.SHARED_COST: "shared cost",
        kinds.VOIP: "voip",
        kinds.PERSONAL_NUMBER: "personal",
        kinds.PAGER: "pager",
        kinds.UAN: "company",
        kinds.VOICEMAIL: "voicemail",
    }
    return names.get(phonenumbers.number_type(parsed), "unknown")
