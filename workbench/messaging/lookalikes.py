"""Finds parts of a text that look like a blank of another tool, such as ``{first_name}`` or ``%NAME%``. Pure.

The text may be right as it is, so this gives a warning and not an error; a wrong blank of our own form is an
error, see
:mod:`workbench.messaging.blanks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from workbench.messaging.blanks import as_word, has_marks, literal_parts

_WORDS = r"[^\W\d][\w .\-]{0,39}"
_SURE = re.compile(
    rf"\$?\{{[!$]?\s*{_WORDS}\s*\}}+"  # {first_name}  ${name}  {!Contact.Name}  {name}}
    rf"|\*\|\s*{_WORDS}\s*\|\*"  # *|FNAME|*
    r"|%+[^\W\d]\w{1,39}%"  # %first_name%
    rf"|\[\[\s*{_WORDS}\s*\]\]|<<\s*{_WORDS}\s*>>"  # [[name]]  <<name>>
    r"|\}\}"  # the end of a blank whose beginning is not there
)
_PERHAPS = re.compile(rf"\[({_WORDS})\]|(?<!<)<({_WORDS})>|«\s*({_WORDS})\s*»|#([^\W\d]\w{{1,39}})#")
_USUAL = frozenset({
    "name", "first_name", "last_name", "full_name", "firstname", "lastname", "fname", "lname", "your_name",
    "customer", "customer_name", "client", "client_name", "company", "company_name", "business",
    "business_name", "date", "time", "day", "amount", "price", "code", "link", "url", "address", "phone",
    "phone_number", "email", "order_id", "order_number", "tracking_number", "insert_name", "insert_link",
})  # fmt: skip
"""Usual names of blanks. A [word] that is neither one of them nor a column is more likely a brand."""


def lookalikes(text: str, names: Iterable[str] = ()) -> list[str]:
    """Each part that looks like a blank but would be sent unchanged, once, in the order of the text.

    Args:
        names: the names of the values that could fill a blank here.
    """
    known_words = _USUAL | {as_word(name).casefold() for name in names}
    if not has_marks(text):
        return list(dict.fromkeys(_looks(text, known_words)))
    # The text's blanks were read without an error, so each has its end: another }} must be an escaped one.
    looks = (look for part in literal_parts(text) for look in _looks(part, known_words) if look != "}}")
    return list(dict.fromkeys(looks))


def _looks(text: str, known_words: frozenset[str]) -> Iterator[str]:
    for match in _SURE.finditer(text):
        yield match.group()
    for match in _PERHAPS.finditer(text):
        word = next(group for group in match.groups() if group)
        if as_word(word).casefold() in known_words:
            yield match.group()
