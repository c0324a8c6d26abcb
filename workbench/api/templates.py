"""``wb.templates``: texts that are ready, with blanks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    import pandas as pd

    from workbench.messaging.templates import Template

_COLUMNS = ["name", "title", "tags", "blanks", "text"]


class Templates(Namespace):
    """Texts that are ready, with blanks: the files ``templates/NAME.toml`` of the home."""

    def list(self, *, search: str = "") -> pd.DataFrame:
        """The templates, or those with certain words: name, title, tags, blanks, text.

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


def _row(template: Template) -> dict[str, str | None]:
    return {
        "name": template.name,
        "title": template.title,
        "tags": ", ".join(template.tags),
        "blanks": ", ".join(template.variables),
        "text": template.body or template.content_sid,
    }
