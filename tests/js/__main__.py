"""Runs Biome, in the version that package-lock.json fixes, over the scripts and the modules made of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from workbench.browser.components import COMPONENTS
from workbench.ui import theme
from workbench.ui.components import SHARED_SCRIPTS
from workbench.ui.inbox import COMPOSER_SCRIPTS, INBOX_SCRIPTS

FOLDER = Path(__file__).parent
BIOME = FOLDER / "node_modules" / ".bin" / "biome"

MODULE_RULES = ("--only=correctness/noUndeclaredVariables", "--only=suspicious/noRedeclare")
"""What only the whole module can break: a name that no script declares, or that two declare."""


def main(arguments: list[str]) -> int:
    reason = why_not() or install()
    if reason:
        sys.stderr.write(f"\nJAVASCRIPT IS NOT CHECKED: {reason}\n\n")
        return 0
    scripts = sorted(map(str, theme.STATIC.glob("*.js")))
    command = ["check", "--write"] if "--fix" in arguments else ["ci"]
    problems = run(*command, "--error-on-warnings", *scripts)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in modules().items():
            (Path(folder) / f"{name}.js").write_text(text, encoding="utf-8")
        problems += run("lint", *MODULE_RULES, folder)
    return min(problems, 1)


def why_not() -> str:
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not found on this machine." if missing else ""


def install() -> str:
    """Install what package-lock.json names, once; the reason where that is not possible."""
    installed, lock = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime and BIOME.exists():
        return ""
    command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"npm ci failed: {done.stderr.strip()[-300:]}"


def modules() -> dict[str, str]:
    """Each module as a browser gets it: its scripts one after the other."""
    made = {name: (*SHARED_SCRIPTS, *contract.scripts) for name, contract in COMPONENTS.items()}
    made |= {"inbox": INBOX_SCRIPTS, "composer": COMPOSER_SCRIPTS}
    return {
        name: "const CSS = ''\n" + "\n".join(theme.read_static(f"{script}.js") for script in scripts)
        for name, scripts in made.items()
    }


def run(*arguments: str) -> int:
    command = [str(BIOME), arguments[0], f"--config-path={FOLDER}", "--colors=off", *arguments[1:]]
    return subprocess.run(command, cwd=FOLDER, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
