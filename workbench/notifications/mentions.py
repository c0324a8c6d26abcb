"""Who is named in a private note, as `@ana`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

# No address of mail: what stands before the sign is no letter.
_NAMED = re.compile(r"(?<![\w.@+-])@([a-z0-9][a-z0-9._@+-]*)", re.IGNORECASE)


def mentioned(text: str, names: Collection[str]) -> list[str]:
    """The names in a note, in its order; a sign after a name, as in ``@ana.``, belongs to the sentence.

    Args:
        names: of everybody who signs in, in small letters.
    """
    people: dict[str, None] = {}
    for match in _NAMED.finditer(text):
        name = match[1].lower()
        while name and name not in names:
            name = name[:-1] if name[-1] in "._@+-" else ""
        if name:
            people[name] = None
    return list(people)
