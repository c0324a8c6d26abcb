"""Refuses values that would change nothing: whoever gives one expects something else. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping

from workbench.errors import UsageError
from workbench.messaging.blanks import as_word, blank_names


def refuse_unused(
    variables: Mapping[str, object], texts: Iterable[str], columns: Collection[str] = ()
) -> None:
    """Refuse a value for a blank that no text has, or that a column fills in every row.

    Args:
        texts: every text whose blanks are filled.
        columns: the columns that every row has.

    Raises:
        UsageError: naming the value, the blanks that there are, and the nearest.
    """
    try:
        names = {name for text in texts for name in blank_names(text)}
    except UsageError:
        # A text that cannot be read blocks by itself, and says more.
        return
    filled_by_columns = {as_word(column) for column in columns}
    for name in variables:
        if name not in names and as_word(name) not in names:
            raise UsageError(f"{_no_effect(name)} the text has no blank of that name. {_blanks(name, names)}")
        if as_word(name) in filled_by_columns:
            raise UsageError(
                f"{_no_effect(name)} the table has a column of that name, which fills it. Leave one of them "
                f"out; for empty cells write {{{{ {as_word(name)} | default('…') }}}}."
            )


def _no_effect(name: str) -> str:
    return f"The value for {name!r} (variables, --var) has no effect:"


def _blanks(name: str, names: Collection[str]) -> str:
    if not names:
        return "It has no blanks at all; write one as {{ " + as_word(name) + " }}."
    close = difflib.get_close_matches(as_word(name), names, n=1)
    question = f" Did you mean {close[0]!r}?" if close else ""
    return f"Its blanks are: {', '.join(sorted(names))}.{question}"
