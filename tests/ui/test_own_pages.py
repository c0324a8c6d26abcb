"""Pages of the users' own, in dashboards/ of their home: found, checked, served; none harms another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.ui.known import WEEK, known_messages, save
from tests.ui.serving import get, served, visit
from workbench.lake import open_lake
from workbench.metrics import DIMENSIONS, METRICS
from workbench.metrics.own.current import look_again, use_own_metrics
from workbench.settings import Settings
from workbench.ui.links import panel_names
from workbench.ui.navigation import DASHBOARDS, TAKEN, discover_pages, own_page_problems, use_own_pages
from workbench.ui.page import load_page
from workbench.ui.page_data import _shown

GOOD = '''"""Sales: what was ordered."""
from workbench import ui

page = ui.Page("sales", __doc__, [ui.Cards(["messages"], size="small")])
page.servable()
'''
METRIC = """[metrics.orders]
label = "Orders by text"
unit = "count"
description = "Messages that say thanks."
expression = "count(*) filter (body ilike '%thanks%')"
"""


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    use_own_pages(None)
    METRICS.put_beside({}, {})
    DIMENSIONS.put_beside({}, {})


def write(home: Path, name: str, text: str, folder: str = "dashboards") -> Path:
    (home / folder).mkdir(parents=True, mode=0o755, exist_ok=True)
    path = home / folder / name
    path.write_text(text)
    return path


def names() -> list[str]:
    return [info.name for info in discover_pages()]


def test_pages_of_a_home_are_beside_the_built_in_ones(tmp_path: Path) -> None:
    before = names()
    write(tmp_path, "sales.py", GOOD)
    write(tmp_path, "_shared.py", "raise RuntimeError")
    write(tmp_path, ".hidden.py", "raise RuntimeError")
    write(tmp_path, "notes.txt", "")
    use_own_pages(tmp_path)
    assert sorted(names()) == sorted([*before, "sales"])
    found = next(info for info in discover_pages() if info.name == "sales")
    assert (found.title, found.description, found.home) == ("Sales", "What was ordered.", tmp_path)
    assert names()[0] == "overview"
    use_own_pages(None)
    assert names() == before


@pytest.mark.parametrize(
    "name", ["overview", "inbox", "healthz", "login", "static", "My Page", "sales-2", "2x", "Ä"]
)
def test_an_address_that_is_taken_or_not_possible_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"{name}.py", GOOD)
    write(tmp_path, "sales.py", GOOD)
    use_own_pages(tmp_path)
    assert names().count(name) == (1 if (DASHBOARDS / f"{name}.py").exists() else 0)
    assert "sales" in names()
    (problem,) = own_page_problems(tmp_path)
    assert str(tmp_path / "dashboards" / f"{name}.py") in problem
    assert "hoose another name" in problem


def test_no_page_can_stand_where_the_server_answers_something_else(settings: Settings) -> None:
    """Every first word of an address that a server with sign-in knows is a page, or taken."""
    from workbench.server.access import link, sign_in

    paths = [*sign_in._OPEN_TO_ALL, *link._OPEN_TO_ALL, sign_in.PROVIDER_PATH, "/download/x", "/readyz"]
    first = {path.strip("/").split("/")[0].split(".")[0] for path in paths}
    assert first <= TAKEN


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder, path: path.chmod(0o666), "chmod go-w {path}"),
        (lambda folder, path: path.chmod(0o620), "chmod go-w {path}"),
        (lambda folder, path: folder.chmod(0o777), "chmod go-w {folder}"),
        (lambda folder, path: folder.parent.chmod(0o770), "chmod go-w {home}"),
    ],
)
def test_code_that_others_can_write_is_not_run(tmp_path: Path, change: object, said: str) -> None:
    home = tmp_path / "home"
    ran = tmp_path / "ran"
    path = write(home, "sales.py", GOOD + f"open({str(ran)!r}, 'w')\n")
    change(path.parent, path)  # type: ignore[operator]
    settings_like = {"path": path, "folder": path.parent, "home": home}
    use_own_pages(home)
    (problem,) = own_page_problems(home)
    assert said.format(**settings_like) in problem
    from workbench.server.served_pages import ServedPage

    served_page = ServedPage(next(info for info in discover_pages() if info.name == "sales"))
    assert served_page.page is None
    assert said.format(**settings_like) in served_page.failure
    assert not ran.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_page_of_somebody_else_is_not_run(tmp_path: Path) -> None:
    path = write(tmp_path, "sales.py", GOOD)
    os.chown(path, 12345, -1)
    (problem,) = own_page_problems(tmp_path)
    assert "belongs to another user (uid 12345)" in problem


def test_a_link_to_a_page_is_judged_by_where_it_leads(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "sales.py").write_text(GOOD)
    shared.chmod(0o777)
    write(tmp_path / "home", "other.py", GOOD.replace('"sales"', '"other"'))
    (tmp_path / "home" / "dashboards" / "sales.py").symlink_to(shared / "sales.py")
    (problem,) = own_page_problems(tmp_path / "home")
    assert f"chmod go-w {shared}" in problem


def test_pages_are_served_and_a_broken_one_shows_its_error_and_line(settings: Settings) -> None:
    home = settings.home
    with open_lake(settings) as lake:
        save(lake, known_messages())
    write(home, "orders.toml", METRIC, "metrics")
    write(home, "sales.py", GOOD.replace('"messages"', '"orders"'))
    broken = {
        "syntax": ('"""Syntax: x."""\n\npage = (', "SyntaxError", "(line 3)"),
        "raising": ('"""Raising: x."""\n1 / 0\n', "ZeroDivisionError: division by zero", "(line 2)"),
        "ending": ('"""Ending: x."""\nimport sys\nsys.exit(3)\n', "SystemExit: 3", "(line 3)"),
        "nothing": ('"""Nothing: x."""\n', "nothing.py must name its page", ""),
        "renamed": (GOOD.replace('"sales"', '"overview"'), "renamed.py must name its page", ""),
        "binary": ("\x00", "null bytes", ""),
    }  # fmt: skip
    for name, (text, _, _) in broken.items():
        write(home, f"{name}.py", text)
    use_own_pages(home)
    (panel,) = panel_names(load_page(next(info for info in discover_pages() if info.name == "sales")).panels)
    with served(settings) as server:
        assert "This page is broken" not in visit(server, "sales")
        file = get(server, f"download/sales/{panel}.csv?{WEEK}&direction=all&stamp=no")[2]
        assert '"orders","Orders by text","count",,1,' in file
        for name, (_, said, line) in broken.items():
            shown = visit(server, name)
            assert "This page is broken" in shown
            assert said in shown, name
            assert line in shown, name
        assert get(server, "overview")[0] == 200
        assert 'href="/sales"' in get(server, "nowhere")[2]
        assert get(server, "download/renamed/page.html")[0] == 404
        # A page that came later has no address before the next start, and no link leads to it.
        write(home, "later.py", GOOD.replace('"sales"', '"later"'))
        assert 'href="/later"' not in get(server, "later")[2]
        # Whoever corrects the file need not restart the server.
        write(home, "raising.py", GOOD.replace('"sales"', '"raising"'))
        assert "This page is broken" not in visit(server, "raising")
        write(home, "raising.py", "1 +\n")
        assert "SyntaxError" in visit(server, "raising")
    assert not list((home / "dashboards").glob("__pycache__"))


def test_an_own_page_is_behind_the_same_door(settings: Settings) -> None:
    write(settings.home, "sales.py", GOOD)
    with served(settings) as server:
        assert httpx.get(f"{server.url}sales", timeout=20).status_code == 403
        assert get(server, "sales")[0] == 200


def test_a_persons_number_that_a_page_asks_for_is_shown_masked(settings: Settings) -> None:
    """Behind each number stands its question, with its parameters."""

    write(
        settings.home,
        "person.toml",
        '[dimensions.person]\nlabel = "P"\ndescription = "P"\nexpression = "contact"\n',
        "metrics",
    )
    look_again(settings.home)
    use_own_metrics(settings.home)
    assert _shown("where_person", ["+14155550123"]) == "+1415***0123"
    assert _shown("where_country", ["US"]) == "US"
