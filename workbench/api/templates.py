"""``wb.templates``: texts that are ready, with blanks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace
from workbench.errors import UnknownName, UsageError
from workbench.roles import require_role

if TYPE_CHECKING:
    import pandas as pd

    from workbench.messaging.templates import Template

_COLUMNS = ["name", "title", "shortcut", "tags", "blanks", "text"]


class Templates(Namespace):
    """Texts that are ready, with blanks: the files ``templates/NAME.toml`` of the home."""

    def list(self, *, search: str = "") -> pd.DataFrame:
        """The templates, or those with certain words: name, title, shortcut, tags, blanks, text.

        Args:
            search: words that must all be in it.

        Returns:
            One row each; ``frame.attrs["notices"]`` says which files could not be read.
        """
        import pandas as pd

        from workbench.messaging.templates import search_templates
        from workbench.sending.template_files import read_templates

        templates, notices = read_templates(self._installation.settings.home)
        rows = [_row(template) for template in search_templates(templates, search)]
        frame = pd.DataFrame(rows, columns=_COLUMNS)
        frame.attrs["notices"] = notices
        return frame

    def show(self, name: str, *, variables: Mapping[str, object] | None = None) -> str:
        """One template with its blanks filled, as it would be sent.

        Args:
            variables: values of its blanks, by name.

        Raises:
            UnknownName: there is no such template.
            UsageError: a blank has no value, or a value has no blank.
        """
        from workbench.messaging.templates import render
        from workbench.sending.template_files import find_template
        from workbench.sending.unused import refuse_unused

        settings = self._installation.settings
        template, values = find_template(settings.home, name), variables or {}
        refuse_unused(values, (template.body, *template.content_variables.values()))
        return render(
            template,
            values,
            business_name=settings.sending.business_name,
            opt_out_line=settings.sending.opt_out_line,
        )

    def save(
        self, name: str, *, body: str, title: str | None = None, shortcut: str | None = None
    ) -> Template:
        """Write a template, a new one or in place of what it was; what is not given stays as it is.

        Args:
            body: the text, with its blanks.
            title: what the inbox calls it.
            shortcut: what is typed after a slash in the inbox to put it in, as refund.

        Raises:
            UsageError: a name or value that is not allowed, or a template whose text Twilio keeps.
        """
        from workbench.messaging.templates import Template
        from workbench.sending.template_files import find_template, save_template

        require_role("admin", "change a template")
        home = self._installation.settings.home
        try:
            before = find_template(home, name)
        except UnknownName:
            before = Template(name)
        if before.content_sid:
            raise UsageError(
                f"The text of template {name!r} is at Twilio ({before.content_sid}); change it there."
            )
        template = replace(
            before,
            body=body.strip(),
            title=before.title if title is None else title.strip(),
            shortcut=before.shortcut if shortcut is None else shortcut.strip().removeprefix("/"),
        )
        save_template(home, template)
        return template

    def remove(self, name: str, *, confirm: bool = False) -> bool:
        """Remove a template; without ``confirm`` only see that it is there. Whether it was removed.

        Raises:
            UnknownName: there is no such template.
        """
        from workbench.sending.template_files import find_template, remove_template

        require_role("admin", "remove a template")
        home = self._installation.settings.home
        find_template(home, name)
        if confirm:
            remove_template(home, name)
        return confirm


def _row(template: Template) -> dict[str, str | None]:
    return {
        "name": template.name,
        "title": template.title,
        "shortcut": template.shortcut,
        "tags": ", ".join(template.tags),
        "blanks": ", ".join(template.variables),
        "text": template.body or template.content_sid,
    }
