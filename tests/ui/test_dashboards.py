"""Every file in ``dashboards/`` keeps to the pattern, and is found by itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.ui.navigation import PageInfo, discover_pages, split_docstring
from workbench.ui.page import COMMON_FILTERS, load_page

PAGES = discover_pages()
names = [info.name for info in PAGES]


def test_the_overview_comes_first() -> None:
    assert names[0] == "overview"
    assert PAGES[0].title == "Overview"
    assert PAGES[0].description == "How much was sent, what became of it, and what it cost."


@pytest.mark.parametrize("info", PAGES, ids=names)
def test_a_dashboard_chooses_and_arranges(info: PageInfo) -> None:
    source = info.path.read_text()
    assert len(source.splitlines()) <= 120
    tree = ast.parse(source)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)], "no arithmetic"
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [text for text in texts if text.lower().startswith(("select ", "with "))], "no SQL"


@pytest.mark.parametrize("info", PAGES, ids=names)
def test_a_dashboard_names_itself_as_its_file(info: PageInfo) -> None:
    page = load_page(info)
    assert page.name == info.name
    assert (page.title, page.description) == (info.title, info.description)
    # Links between pages carry the filters, so every page takes the common ones.
    assert set(COMMON_FILTERS) <= set(page.filters)


def test_a_new_file_is_a_new_page(tmp_path: Path) -> None:
    (tmp_path / "overview.py").write_text('"""Overview: all of it."""')
    (tmp_path / "zebra.py").write_text('"""Zebra: striped."""\nNAV_ORDER = 1')
    (tmp_path / "cost.py").write_text('"""Cost: what was spent."""')
    (tmp_path / "_shared.py").write_text("")
    (tmp_path / "broken_page.py").write_text("def (")
    assert [(info.name, info.title) for info in discover_pages(tmp_path)] == [
        ("overview", "Overview"),
        ("zebra", "Zebra"),
        ("broken_page", "Broken page"),
        ("cost", "Cost"),
    ]


def test_a_file_without_a_page_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text('"""Empty: nothing."""')
    with pytest.raises(UsageError, match=r"empty\.py must name its page: page = ui\.Page\('empty', __doc__"):
        load_page(discover_pages(tmp_path)[0])


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Cost: what was spent.", ("Cost", "What was spent.")),
        ("Delivery failures: why\nthey failed.\n\nMore.", ("Delivery failures", "Why they failed.")),
        ("", ("My page", "")),
    ],
)
def test_the_docstring_names_the_page(docstring: str, expected: tuple[str, str]) -> None:
    assert split_docstring(docstring, "my_page") == expected
