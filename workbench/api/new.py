"""Begins a page, metric, dimension, report or template of the users' own; and says what is wrong with any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from string import Template as Text
from typing import TYPE_CHECKING

from workbench.errors import UsageError
from workbench.files import create_whole, make_folder
from workbench.own_files import METRICS as METRIC_FILES
from workbench.own_files import (
    PAGES,
    REPORTS,
    TEMPLATES,
    OwnFolder,
    check_name,
    require_only_owner_writes,
)

if TYPE_CHECKING:
    from workbench.api.installation import Installation

_SKELETONS = Path(__file__).parent / "skeletons"


@dataclass(frozen=True)
class NewFile:
    """A file that was written, and what to do with it next."""

    path: Path
    next_steps: str

    def __repr__(self) -> str:
        return f"{self.path}\n{self.next_steps}"


class New:
    """Files to start from, in the home of an installation. Each works as it is.

    A name that is taken or not possible raises UsageError, and nothing is ever written over; a folder that
    others can write raises ConfigError.
    """

    def __init__(self, installation: Installation) -> None:
        self._home = installation.settings.home

    def page(self, name: str) -> NewFile:
        """A page of the dashboards: ``dashboards/NAME.py``."""
        from workbench.ui.navigation import require_free_address

        require_free_address(name)
        return self._create(
            PAGES,
            name,
            "page.py.txt",
            f"Restart `workbench serve`; the page is then at /{name} and in the menu. Later changes to the "
            "file show when the page is opened again.",
        )

    def metric(self, name: str) -> NewFile:
        """A metric: ``metrics/NAME.toml``."""
        return self._create_definition(name, "metric.toml.txt", f"workbench metric {name} --by day")

    def dimension(self, name: str) -> NewFile:
        """A dimension, to group and filter by: ``metrics/NAME.toml``."""
        return self._create_definition(name, "dimension.toml.txt", f"workbench metric messages --by {name}")

    def report(self, name: str) -> NewFile:
        """A report: ``reports/NAME.ipynb``."""
        from workbench.reports.notebooks import discover_reports

        if name in discover_reports():
            raise UsageError(f"There is a built-in report {name!r}; choose another name.")
        return self._create(
            REPORTS,
            name,
            "report.ipynb.txt",
            f"Try it: `workbench reports run {name} --format html`. Change it in JupyterLab.",
        )

    def template(self, name: str) -> NewFile:
        """A text to send again and again: ``templates/NAME.toml``."""
        return self._create(
            TEMPLATES,
            name,
            "template.toml.txt",
            f"See it: `workbench templates {name}`. Change the file's text.",
        )

    def _create_definition(self, name: str, skeleton: str, command: str) -> NewFile:
        from workbench.metrics.definitions import DIMENSIONS, METRICS
        from workbench.metrics.own.current import look_again
        from workbench.metrics.own.definition_entries import require_possible_name

        look_again(self._home)
        for kind, known in (("metric", METRICS), ("dimension", DIMENSIONS)):
            if name in known:
                raise UsageError(f"There is a {kind} {name!r} already; choose another name.")
        require_possible_name(name)
        made = self._create(
            METRIC_FILES,
            name,
            skeleton,
            f"Try it: `{command}`. Change the file; `workbench config check` checks it.",
        )
        look_again(self._home)
        return made

    def _create(self, folder: OwnFolder, name: str, skeleton: str, next_steps: str) -> NewFile:
        check_name(folder, name)
        path = self._home / folder.name / f"{name}{folder.suffix}"
        make_folder(path.parent, mode=0o700)
        for place in (path.parent.parent, path.parent):
            require_only_owner_writes(place)
        title = name.replace("_", " ").replace("-", " ").capitalize()
        text = Text((_SKELETONS / skeleton).read_text(encoding="utf-8")).substitute(name=name, title=title)
        if not create_whole(path, text):
            raise UsageError(f"{path} is there already and was left as it is; choose another name.")
        return NewFile(path, next_steps)


def own_file_problems(home: Path) -> list[str]:
    """One sentence for each thing that is wrong with the users' own files."""
    from workbench.metrics.own.current import use_own_metrics
    from workbench.reports.notebooks import own_report_problems
    from workbench.sending.template_files import read_templates

    metrics = use_own_metrics(home, quiet=True).problems
    return [*_page_problems(home), *metrics, *own_report_problems(home), *read_templates(home)[1]]


def _page_problems(home: Path) -> tuple[str, ...]:
    """Of pages; without any, the pages' libraries need not be loaded, which takes two seconds."""
    from workbench.own_files import PAGES, list_own_files

    if not list_own_files(home, PAGES):
        return ()
    from workbench.ui.navigation import own_page_problems

    return own_page_problems(home)
