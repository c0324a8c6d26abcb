"""The attachments of answers over an installation: where Twilio fetches them, and whether it can."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from workbench.settings import MEDIA_PATH, Settings

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.conversations.reply_attachments import ReplyAttachments
    from workbench.conversations.reply_files import ReplyFiles


def why_no_attachments(settings: Settings) -> str:
    """Why nothing can be attached to an answer, with the setting that changes it; empty where it can."""
    from workbench.twilio.urls import is_loopback, parse_base_url
    from workbench.webhook_setup.setup import is_private_host

    url = settings.public_url
    if url is None:
        return "To attach files, set public_url (WORKBENCH_PUBLIC_URL): Twilio fetches them from there."
    if is_private_host(url) and not is_loopback(parse_base_url(settings.twilio.base_url)):
        return f"To attach files, set public_url to a public address: Twilio cannot reach {url}."
    return ""


def reply_files(installation: Installation) -> ReplyFiles:
    """The files of this installation's answers."""
    from workbench.conversations.reply_files import ReplyFiles
    from workbench.lake.erased import is_erased

    return ReplyFiles(installation.settings.home, lambda contact: is_erased(installation.lake, contact))


def reply_attachments(installation: Installation) -> ReplyAttachments | None:
    """What takes the files that one browser attaches; None where nothing can be attached."""
    from workbench.conversations.reply_attachments import ReplyAttachments
    from workbench.lake.secret_key import lake_key
    from workbench.sending.media_check import file_problem

    if why_no_attachments(installation.settings):
        return None
    lake = installation.lake

    @cache
    def key() -> bytes:
        return lake.write(lambda cursor: lake_key(cursor, lake.home))

    return ReplyAttachments(reply_files(installation), file_problem, key)


def addresses(settings: Settings, file_ids: Sequence[str]) -> tuple[str, ...]:
    """Where Twilio fetches these files."""
    return tuple(f"{settings.public_url or ''}{MEDIA_PATH}/{file_id}" for file_id in file_ids)


def own_file_problem(files: ReplyFiles, address: str, to: str) -> str | None:
    """What is wrong with a file of ours as an attachment; None if it can go."""
    from workbench.sending.media_check import file_problem

    file = files.describe(address.rpartition("/")[2])
    if file is None:
        return "An attachment is not there any more: attach it again."
    return file_problem(file.content_type, file.size, to)


def is_own(settings: Settings, address: str) -> bool:
    """Whether an address is that of a file of an answer."""
    return bool(settings.public_url) and address.startswith(f"{settings.public_url}{MEDIA_PATH}/")


def begin_to_serve(
    installation: Installation, file_ids: Sequence[str], to: str, at: datetime | None = None
) -> str | None:
    """Let Twilio fetch these files from now on; what is wrong if it could not, and then none is given away.

    They are fetched once as Twilio would: else a message could be sent whose picture nobody can get.

    Args:
        at: when Twilio sends the message; it may fetch them only then.

    Raises:
        UsageError: one is not there any more.
    """
    from workbench.conversations.reply_files import SERVED_FOR
    from workbench.sending.media_check import check_media

    reply_files(installation).serve(file_ids, (at or datetime.now(UTC)) + SERVED_FOR)
    for address in addresses(installation.settings, file_ids):
        # The address is that of our own settings, and may be a private one as seen from here.
        if problem := check_media(address, to, allow_private=True):
            end_serving(installation, file_ids)
            return f"The attachment cannot be fetched. {problem} `workbench serve` must run at public_url."
    return None


def end_serving(installation: Installation, file_ids: Sequence[str]) -> None:
    """Give these files away no more: their message was surely not sent."""
    reply_files(installation).serve(file_ids, datetime.now(UTC))


def sweep_reply_files(installation: Installation) -> None:
    """Remove files that no answer needs any more."""
    from workbench.conversations.drafts import DraftStore

    reply_files(installation).sweep(DraftStore(installation.settings.home).files())
