"""The users' own files: their names, who may write them, how one is begun, and what docs/own.md shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.known import known_messages, save
from workbench import UsageError, Workbench
from workbench.api.installation import Installation
from workbench.api.new import New, own_file_problems
from workbench.compliance.home_files import erase_from_files
from workbench.errors import ConfigError
from workbench.lake import Lake, open_lake
from workbench.messaging.templates import Template
from workbench.metrics import DIMENSIONS, METRICS
from workbench.metrics.definitions.model import SETS
from workbench.roles import Actor, acting_as
from workbench.sending.template_files import read_templates, save_template
from workbench.settings import Settings, load_settings
from workbench.views.board_files import add_board, list_boards
from workbench.views.subscription_files import list_subscriptions, subscribe
from workbench.views.view_files import list_views, save_view

DOCS = Path(__file__).parents[1] / "docs" / "own.md"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    METRICS.put_beside({}, {})
    DIMENSIONS.put_beside({}, {})


@pytest.fixture
def run(home: Path) -> Run:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "workbench", *arguments],
            env={**os.environ, "WORKBENCH_HOME": str(home)}, capture_output=True, text=True, timeout=240,
        )  # fmt: skip

    return call


KINDS = ("page", "metric", "dimension", "report", "template")


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o000])
def test_what_is_begun_is_in_order_whatever_the_umask(settings: Settings, umask: int) -> None:
    before = os.umask(umask)
    try:
        wb = Workbench(settings)
        paths = [
            getattr(New(wb._installation), kind)(f"mine{number}").path for number, kind in enumerate(KINDS)
        ]
    finally:
        os.umask(before)
    assert own_file_problems(settings.home) == []
    assert [path.relative_to(settings.home).as_posix() for path in paths] == [
        "dashboards/mine0.py", "metrics/mine1.toml", "metrics/mine2.toml", "reports/mine3.ipynb",
        "templates/mine4.toml",
    ]  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert "$" not in "".join(path.read_text() for path in paths)


@pytest.mark.parametrize("umask", [0o002, 0o000])
def test_what_pages_save_is_read_again_whatever_the_umask(home: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with acting_as(Actor("ana", "agent")):
            save_view(home, {"metric": ["spend"]}, title="Spend")
            add_board(home, "Monday")
            subscribe(home, "spend", "week", ["ops@example.com"], known=["ops@example.com"], timezone="UTC")
        save_template(home, Template("hello", "Hello"))
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o022 for path in (home, *home.rglob("*"))} == {0}
    with acting_as(Actor("ana", "admin")):
        assert [view.name for view in list_views(home).views] == ["spend"]
        assert [board.name for board in list_boards(home).boards] == ["monday"]
        assert [each.name for each in list_subscriptions(home)[0]] == ["spend-week"]
    New(Installation(load_settings({"WORKBENCH_HOME": str(home)}))).template("bye")
    assert [template.name for template in read_templates(home)[0]] == ["bye", "hello"]


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("page", "overview", "is taken by the product itself"),
        ("page", "login", "is taken by the product itself"),
        ("page", "../page", "small letters"),
        ("page", "Sales", "small letters"),
        ("metric", "spend", "There is a metric 'spend' already"),
        ("metric", "sender", "There is a dimension 'sender' already"),
        ("metric", "body", "have a column of it"),
        ("metric", "select", "a word of SQL"),
        ("dimension", "in_flight", "There is a metric 'in_flight' already"),
        ("dimension", "a-b", "a-z, 0-9 and _"),
        ("report", "cost", "built-in report"),
        ("report", "a_b", "small letters"),
        ("template", "../../etc/x", "small letters"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    settings: Settings, kind: str, name: str, said: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        getattr(New(Installation(settings)), kind)(name)
    assert [path for path in settings.home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_over(settings: Settings, kind: str) -> None:
    new = New(Installation(settings))
    path = getattr(new, kind)("mine").path
    path.write_text("mine")
    with pytest.raises(UsageError):
        getattr(new, kind)("mine")
    assert path.read_text() == "mine"


def test_a_folder_that_others_can_write_gets_no_file(settings: Settings) -> None:
    folder = settings.home / "dashboards"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match=f"run `chmod go-w {folder}`"):
        New(Installation(settings)).page("mine")
    assert list(folder.iterdir()) == []


def test_config_check_names_every_problem_and_fails(run: Run, home: Path) -> None:
    assert run("new", "page", "fine").returncode == 0
    assert run("config", "check").returncode == 0
    for folder, name, text in (
        ("dashboards", "overview.py", ""),
        ("metrics", "broken.toml", "[metrics.x]\n"),
        ("reports", "broken.ipynb", "{"),
        ("templates", "broken.toml", "bodi = 'x'\n"),
    ):
        (home / folder).mkdir(exist_ok=True, mode=0o700)
        (home / folder / name).write_text(text)
    (home / "dashboards" / "open.py").write_text("")
    (home / "dashboards" / "open.py").chmod(0o666)
    checked = run("config", "check")
    assert checked.returncode == 2
    for said in (
        "dashboards/overview.py: the address /overview is taken",
        "metrics/broken.toml, line 1: metric x lacks",
        "reports/broken.ipynb is no notebook",
        "Template 'broken' has no key 'bodi'",
        "dashboards/open.py can be",
    ):
        assert said in checked.stderr
    listed = run("metric", "list")
    assert (listed.returncode, "delivery_rate" in listed.stdout) == (0, True)
    assert listed.stderr.count("Notice: ") == 1


def test_an_erasure_names_the_files_and_leaves_them(lake: Lake, settings: Settings) -> None:
    new = New(Installation(settings))
    paths = [
        new.page("mine").path,
        new.metric("mine_too").path,
        new.report("mine").path,
        new.template("mine").path,
    ]
    for path in paths:
        path.write_text(f"# +19995550142\n{path.read_text()}")
    before = [path.read_text() for path in paths]
    run_of_a_report = settings.home / "reports" / "mine_2026-09-01_2026-10-01_20261001T081500Z.ipynb"
    run_of_a_report.write_text("+19995550142")
    changed = erase_from_files(lake, ["19995550142"])
    assert sorted(changed.left) == sorted(path.relative_to(settings.home).as_posix() for path in paths)
    assert [path.read_text() for path in paths] == before
    assert changed.removed == (f"reports/{run_of_a_report.name}",)


def test_starting_costs_no_look_at_the_users_own_files() -> None:
    """The engine and the pages load when a command needs them."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, workbench.cli; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not {"duckdb", "pandas", "panel", "workbench.metrics", "workbench.ui"} & set(loaded)


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    return [text for name, text in fenced if name == language]


def test_the_documented_commands_do_what_is_said(run: Run, home: Path) -> None:
    """Every command of docs/own.md, in order; the files that it shows take the place of the first ones."""
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, known_messages())
    (shown_metric,), (shown_page,) = blocks("toml"), blocks("python")
    commands = [line for block in blocks("") for line in block.splitlines()]
    assert len(commands) == 11
    for command in commands:
        if command.startswith("workbench reports run"):
            command += " --since 2025-03-03 --until 2025-03-10"
        done = run(*command.split()[1:])
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), (command, done.stderr)
        if command == "workbench new metric long_arrived":
            (home / "metrics" / "long_arrived.toml").write_text(shown_metric)
        if command == "workbench new page long_texts":
            (home / "dashboards" / "long_texts.py").write_text(shown_page)
    # Ten messages of two segments to Germany, all delivered; four of any length are in flight.
    asked = run("metric", "long_arrived", "--since", "2025-03-03", "--until", "2025-03-10", "--format", "csv")
    assert asked.stdout.splitlines()[1].split(",") == ["1", "10", "4"]


def test_the_documentation_names_what_there_is() -> None:
    text = DOCS.read_text()
    described = tomllib.loads(blocks("toml")[0])
    assert list(described["metrics"]) == ["long_arrived"]
    assert {name for name in SETS if f"`{{{name}}}`" in text} == set(SETS) - {"sent_segments"}
    from workbench.lake.empty_lake import FACT_COLUMNS

    assert [name for name in FACT_COLUMNS if f"`{name}`" not in text] == []
    assert "(docs/own.md)" in (DOCS.parents[1] / "README.md").read_text()
