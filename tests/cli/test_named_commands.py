"""A command that a message, a text of help or a page tells somebody to run exists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.readme_tables import all_commands
from workbench.cli import main
from workbench.cli.group import ALIASES

ROOT = Path(__file__).parents[2]
COMMANDS = set(all_commands(main)) | {" ".join(words) for words in ALIASES}
GROUPS = {name.rpartition(" ")[0] for name in COMMANDS} - {""}


def is_command(words: list[str]) -> bool:
    if " ".join(words[:2]) in COMMANDS:
        return True
    # `workbench outbox` lists; a group that is a command itself takes arguments.
    return words[0] in COMMANDS or (words[0] in GROUPS and len(words) == 1)


def test_every_command_in_backticks_exists() -> None:
    texts = [path for end in ("py", "js", "toml") for path in (ROOT / "workbench").rglob(f"*.{end}")]
    texts += [*(ROOT / "dashboards").glob("*.py"), *ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    wrong = {
        f"{path.relative_to(ROOT)}: workbench {name}"
        for path in texts
        if "vendor" not in path.parts
        for name in re.findall(r"`workbench ([a-z][a-z-]+(?: [a-z][a-z-]+)?)", path.read_text("utf-8"))
        if not is_command(name.split())
    }
    assert wrong == set()
