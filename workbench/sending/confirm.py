"""Nothing is sent without a yes; many are sent only to somebody who names their number. Pure."""

from __future__ import annotations

from workbench.errors import UsageError


def is_confirmed(confirm: bool | int | None, messages: int, typed_count_from: int) -> bool:
    """Whether these messages may go.

    Args:
        confirm: True for few; the number of messages in the call for `typed_count_from` and more.

    Raises:
        UsageError: another number was given, or True where the number is asked for.
    """
    if confirm is None or confirm is False:
        return False
    if confirm is True:
        if messages < typed_count_from:
            return True
        raise UsageError(f"confirm is True; for {messages:,} messages give their number: confirm={messages}.")
    if confirm != messages:
        raise UsageError(f"confirm is {confirm}, but there are {messages:,} messages; nothing was sent.")
    return True
