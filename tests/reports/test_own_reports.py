"""Reports of the users' own, in the reports/ of their home, with metrics of their own in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reports.conftest import Command
from workbench.api.installation import Installation
from workbench.api.new import New
from workbench.errors import ConfigError, UnknownName, UsageError, WorkbenchError
from workbench.metrics import DIMENSIONS, METRICS
from workbench.reports.notebooks import discover_reports, find_report, own_report_problems
from workbench.reports.schedule import check_entries
from workbench.settings import load_settings

METRIC = """[metrics.thanks]
label = "Thanks"
unit = "count"
description = "Messages that say thanks."
expression = "count(*) filter (body ilike '%thanks%')"

[dimensions.side]
label = "Side"
description = "who wrote"
expression = "case when is_outbound then 'we' else 'they' end"
"""
BUILT_IN = {"account-health", "campaign", "compliance", "cost", "delivery"}


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    METRICS.put_beside({}, {})
    DIMENSIONS.put_beside({}, {})


def made(home: Path, name: str = "weekly-look") -> Path:
    home.mkdir(mode=0o700, exist_ok=True)
    return New(Installation(load_settings({"WORKBENCH_HOME": str(home)}))).report(name).path


def test_a_report_of_a_home_is_beside_the_built_in_ones(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = made(home)
    assert set(discover_reports(home=home)) == BUILT_IN | {"weekly-look"}
    assert set(discover_reports()) == BUILT_IN
    assert find_report("weekly-look", home=home).path == path
    with pytest.raises(UnknownName, match="weekly-look"):
        find_report("weekly-lok", home=home)


def test_what_a_run_wrote_is_no_report_and_goes_with_its_person(tmp_path: Path) -> None:
    from workbench.home import Treatment, treatment_of

    home = tmp_path / "home"
    text = made(home).read_text()
    runs = [
        "cost_2026-09-01_2026-10-01_20261001T081500Z.ipynb",
        "weekly-look_2026-09-01_2026-10-01_acme_20261001T081500Z.failed.ipynb",
    ]
    for name in runs:
        (home / "reports" / name).write_text(text)
    assert set(discover_reports(home=home)) == BUILT_IN | {"weekly-look"}
    assert own_report_problems(home) == ()
    assert {treatment_of(f"reports/{name}") for name in runs} == {Treatment.REMOVE}
    assert treatment_of("reports/weekly-look.ipynb") is Treatment.BY_HAND


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cost", None, "there is a built-in report 'cost'"),
        ("My report", None, "the name of a report is small letters"),
        ("under_score", None, "the name of a report is small letters"),
        ("no-json", "{", "is no notebook"),
        ("no-cells", "[]", "is no notebook"),
        ("empty", '{"cells": []}', "is not a report: it needs a first text cell"),
    ],
)
def test_a_notebook_that_is_no_report_is_named_and_hides_no_other(
    tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    home = tmp_path / "home"
    path = made(home)
    (home / "reports" / f"{name}.ipynb").write_text(path.read_text() if text is None else text)
    (problem,) = own_report_problems(home)
    assert f"{home}/reports/{name}.ipynb" in problem
    assert said in problem
    assert set(discover_reports(home=home)) == BUILT_IN | {"weekly-look"}
    assert find_report("cost", home=home).home is None
    if name != "cost":
        with pytest.raises(WorkbenchError, match="reports/"):
            find_report(name, home=home)


def test_a_notebook_that_others_can_write_does_not_run(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = made(home)
    path.chmod(0o666)
    with pytest.raises(ConfigError, match=f"chmod go-w {path}"):
        find_report("weekly-look", home=home)
    path.chmod(0o600)
    path.parent.chmod(0o770)
    with pytest.raises(ConfigError, match=f"chmod go-w {path.parent}"):
        find_report("weekly-look", home=home)


def test_it_can_be_scheduled(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made(home)
    (home / "workbench.toml").write_text('[reports.mine]\nreport = "weekly-look"\n')
    check_entries(load_settings({"WORKBENCH_HOME": str(home)}))
    (home / "reports" / "weekly-look.ipynb").unlink()
    with pytest.raises(ConfigError, match="weekly-look"):
        check_entries(load_settings({"WORKBENCH_HOME": str(home)}))


def test_it_runs_with_metrics_and_dimensions_of_the_same_home(
    command: Command, known_home: Path, tmp_path: Path
) -> None:
    metrics = known_home / "metrics"
    metrics.mkdir(mode=0o700)
    (metrics / "mine.toml").write_text(METRIC)
    (metrics / "broken.toml").write_text("[metrics.x]\n")
    done = command("new", "report", "weekly-look")
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.strip())
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        source = source.replace('report.cards("messages"', 'report.cards("thanks", "messages"')
        source = source.replace(
            'report.table("sender", "messages"', 'report.table("side", "messages", "thanks"'
        )
        cell["source"] = source
    path.write_text(json.dumps(notebook))
    asked = ("--since", "2025-03-03", "--until", "2025-03-10", "--format", "html", "--out", str(tmp_path))
    done = command("report", "run", "weekly-look", *asked)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("broken.toml, line 1: metric x lacks label") == 1
    html = next(tmp_path.glob("*.html")).read_text()
    assert "broken.toml" not in html
    assert "Thanks" in html
    assert ">they<" in html.replace("\n", "")
    assert "By side" in html
    (metrics / "broken.toml").unlink()


def test_a_new_report_never_takes_a_name_that_is_taken(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = made(home)
    before = path.read_text()
    for name, said in (
        ("weekly-look", "is there already"),
        ("cost", "built-in report"),
        ("a_b", "small letters"),
    ):
        with pytest.raises(UsageError, match=said):
            made(home, name)
    assert path.read_text() == before
