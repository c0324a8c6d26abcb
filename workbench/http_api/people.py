"""How a program names a contact: by the whole number, or by a conversation with them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from workbench.api.installation import Installation
from workbench.conversations.find import find_conversation

_CONVERSATION = re.compile(r"C[VW][0-9a-f]{24}")

Contact = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        description="The number with its country code, or the id of a conversation with them.",
        examples=["+12025550142"],
    ),
]
"""A field of a body. It stands in no address: servers and proxies write addresses into their logs."""


def address_of(installation: Installation, contact: str) -> str:
    """The address that is meant.

    Raises:
        NotFound: there is no such conversation.
    """
    if _CONVERSATION.fullmatch(contact):
        return find_conversation(installation.lake, contact).contact
    return contact


def kept_address_of(installation: Installation, contact: str) -> str:
    """The address that is meant, as this lake keeps it.

    Raises:
        NotFound: there is no such conversation. UsageError: it is no number.
    """
    if _CONVERSATION.fullmatch(contact):
        return find_conversation(installation.lake, contact).contact
    return installation.kept_contact(contact)
