"""The JavaScript of the pages passes its linter and is formatted, where node and npm are at hand."""

from __future__ import annotations

import re

import pytest

from tests.js.__main__ import main, modules, why_not


def test_the_scripts_are_formatted_and_clean(capfd: pytest.CaptureFixture[str]) -> None:
    if reason := why_not():
        pytest.skip(f"JavaScript is not checked: {reason}")
    code = main([])
    shown = capfd.readouterr()
    if "JAVASCRIPT IS NOT CHECKED" in shown.err:
        pytest.skip(shown.err.strip())
    assert code == 0, shown.out + shown.err


def test_a_script_without_machines_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main([]) == 0
    assert "JAVASCRIPT IS NOT CHECKED: node and npm not found on this machine." in capfd.readouterr().err


@pytest.mark.parametrize("name", modules())
def test_no_module_declares_a_name_twice(name: str) -> None:
    declared = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", modules()[name], re.M)
    assert sorted(declared) == sorted(set(declared))
