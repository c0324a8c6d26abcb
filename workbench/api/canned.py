"""Canned replies for the inbox: the templates with a text, filled for one conversation, kept by admins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.api.templates import Templates
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.conversations.canned import CannedReply, CannedText
    from workbench.conversations.find import Conversation
    from workbench.messaging.templates import Template


@dataclass(frozen=True)
class CannedReplies:
    """See :class:`workbench.conversations.inbox_session.CannedTools`."""

    installation: Installation

    def list(self) -> list[CannedReply]:
        """All templates with a text that can be read, by their titles."""
        from workbench.conversations.canned import canned_reply
        from workbench.sending.template_files import read_templates

        templates, _ = read_templates(self.installation.settings.home)
        replies = [canned_reply(template, self._shown(template)) for template in templates if template.body]
        return sorted(replies, key=lambda reply: reply.title.casefold())

    def _shown(self, template: Template) -> str:
        from workbench.messaging.blanks import escape_blanks

        if template.variables:
            return template.body
        try:
            return escape_blanks(Templates(self.installation).show(template.name))
        except UsageError:
            # Whoever chooses it is told what it lacks; the others can still be chosen.
            return template.body

    def fill(self, conversation: Conversation, template: str, values: Mapping[str, str]) -> CannedText:
        """The text as it would be sent, braces in it escaped; or the blanks that nothing fills."""
        from workbench.conversations.canned import CannedText, known_values, values_for
        from workbench.conversations.contacts import read_contact
        from workbench.messaging.blanks import escape_blanks
        from workbench.sending.template_files import find_template

        installation = self.installation
        chosen = find_template(installation.settings.home, template)
        known = known_values(read_contact(installation.lake, conversation.contact).name)
        filled = values_for(chosen, known, values)
        if missing := tuple(name for name in chosen.variables if name not in filled):
            return CannedText("", missing)
        return CannedText(escape_blanks(Templates(installation).show(template, variables=filled)), ())

    def save(self, template: str, title: str, shortcut: str, text: str) -> None:
        """Write one; a new one is named after its title."""
        name = template or self._new_name(title)
        Templates(self.installation).save(name, body=text, title=title, shortcut=shortcut)

    def _new_name(self, title: str) -> str:
        from workbench.sending.template_files import read_templates

        name = _file_name(title)
        if any(each.name == name for each in read_templates(self.installation.settings.home)[0]):
            raise UsageError(f"There is a canned reply {name!r} already; edit it, or choose another title.")
        return name

    def remove(self, template: str) -> None:
        """Remove one; the inbox asks before."""
        Templates(self.installation).remove(template, confirm=True)


def _file_name(title: str) -> str:
    """`refund-sent` of `Refund sent`.

    Raises:
        UsageError: the title has no letter that a file's name could have.
    """
    import re
    import unicodedata

    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    if not name or not name[0].isalpha():
        raise UsageError(f"The title {title!r} cannot name a file: begin it with a letter a-z.")
    return name
