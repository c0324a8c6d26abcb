"""Tells people by mail through `[smtp]`; an answer has their addresses masked."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.errors import WorkbenchError
from workbench.reports.mail import MAIL_SECONDS, MailUncertain, mask_mail, send_text
from workbench.settings import Settings
from workbench.targets.answers import NoticeWords, TargetAnswer


def tell_by_mail(
    settings: Settings, to: Sequence[str], words: NoticeWords, *, seconds: float = MAIL_SECONDS
) -> TargetAnswer:
    """Send one mail to these addresses; raises nothing that a mail server may do.

    Args:
        seconds: how long to wait for the server.
    """
    try:
        refused = send_text(settings, to, words.subject, words.text, seconds=seconds)
    except MailUncertain as error:
        return TargetAnswer("unknown", str(error))
    except WorkbenchError as error:
        return TargetAnswer("failed", _without_addresses(str(error), to))
    if refused:
        return TargetAnswer("delivered", f"refused: {', '.join(map(mask_mail, refused))}")
    return TargetAnswer("delivered", "taken")


def _without_addresses(text: str, addresses: Sequence[str]) -> str:
    for address in addresses:
        text = text.replace(address, mask_mail(address))
    return text
