"""The room itself: nobody else reads the files, it agrees with the rooms above, and it starts fast."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from workbench import roles
from workbench.api.jobs import JOBS
from workbench.messaging.addresses import AddressKind
from workbench.messaging.privacy import PrivacyMode
from workbench.reports.document import FORMATS
from workbench.reports.report_builder import SNAPSHOT_VARIABLE
from workbench.settings import ScheduleSettings, names, sections, values
from workbench.settings.declare import members

PACKAGE = Path(__file__).parents[2] / "workbench"
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if PACKAGE / "settings" not in path.parents]

#: Modules outside that may read the environment, and why.
READS_ENVIRONMENT = {
    "backup/store.py": "AWS variables of a bucket, as every AWS program reads them",
    "demo/home.py": "cleans it for the processes of the demo",
    "lake/engine.py": "AWS variables of a shared lake, as every AWS program reads them",
    "metrics/spark/process.py": "AWS variables of a bucket, as every AWS program reads them",
    "metrics/spark/requirements.py": "JAVA_HOME, as every program that starts Java reads it",
    "reports/run.py": "passes it on to the kernel, without secrets",
    "reports/report_builder.py": "the version of the lake that a run reads",
    "server/access/settings.py": "refuses BOKEH_ALLOW_WS_ORIGIN",
    "server/scheduling.py": "passes it on to the process of a job",
    "setup.py": "asks for what it lacks",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_raw_section_is_read_outside(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert "section" not in {func.attr for func in calls if isinstance(func, ast.Attribute)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    if attributes & {"environ", "getenv"}:
        assert str(path.relative_to(PACKAGE)) in READS_ENVIRONMENT


def test_who_may_read_the_environment_does() -> None:
    for name in READS_ENVIRONMENT:
        assert re.search(r"os\.environ|getenv", (PACKAGE / name).read_text(encoding="utf-8")), name


def test_the_words_of_the_rooms_above_are_the_same() -> None:
    assert set(sections.PRIVACY_MODES) == {str(mode) for mode in PrivacyMode}
    assert set(values.SENDER_KINDS) == set(get_args(AddressKind))
    assert values.ROLES == roles.ROLES
    assert values.REPORT_FORMATS == FORMATS
    assert set(members(ScheduleSettings)) == set(JOBS)
    assert names.SNAPSHOT_VARIABLE == SNAPSHOT_VARIABLE


def test_importing_the_package_loads_no_more_than_the_types() -> None:
    """By `-X importtime`: what the room loads is its own, the standard library's, and no reader."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import workbench"],
        env={**os.environ}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    loaded = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line]
    ours = {name for name in loaded if name.startswith("workbench.settings")}
    assert ours == {
        "workbench.settings", "workbench.settings.access", "workbench.settings.alerts",
        "workbench.settings.credentials",
        "workbench.settings.declare", "workbench.settings.events", "workbench.settings.home",
        "workbench.settings.kinds", "workbench.settings.logs", "workbench.settings.model",
        "workbench.settings.notifications", "workbench.settings.rules", "workbench.settings.secret",
        "workbench.settings.sections",
        "workbench.settings.values",
    }  # fmt: skip
    assert not set(loaded) & {"msgspec", "pydantic", "typing_extensions", "tomllib", "pandas", "duckdb"}
