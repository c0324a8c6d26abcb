"""The check of owners: who has conversations and cannot sign in any more?"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.conversations.owners import gone_owners, team_problems
from workbench.display.formats import plural
from workbench.doctor.check_result import CheckResult, fine, warning
from workbench.doctor.examination import Examination


def check_owners(examination: Examination) -> Iterator[CheckResult]:
    """Everybody who has a conversation that is not resolved can sign in, and so can all of every team."""
    settings = examination.settings
    counts = dict(examination.lake.rows(_COUNTS_SQL)) if settings.access.is_on else {}
    gone, problems = gone_owners(settings, counts), team_problems(settings)
    for name in gone:
        yield warning(
            f"{name!r} has {plural(counts[name], 'unresolved conversation')} and cannot sign in any more.",
            "In the inbox, view All: filter by this name, select all, and assign them anew.",
            subject=name,
        )
    for sentence in problems:
        yield warning(sentence, "Correct [access.teams] in workbench.toml, or `workbench users add` them.")
    if not gone and not problems:
        yield fine("Nothing belongs to somebody who is gone.")


_COUNTS_SQL = """
    select assignee, count(*) from conversations
    where assignee is not null and state in ('open', 'pending', 'snoozed')
    group by assignee order by assignee
"""
