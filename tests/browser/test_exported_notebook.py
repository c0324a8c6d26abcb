"""The quickstart as a file to hand on: exported to HTML it has its chart, without a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.conftest import PATIENCE
from tests.cli.conftest import Run, environ, run, server  # noqa: F401
from workbench.simulator import Server

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_the_exported_quickstart_has_its_chart_offline(
    browser: Browser,
    run: Run,  # noqa: F811
    server: Server,  # noqa: F811
    environ: dict[str, str],  # noqa: F811
    tmp_path: Path,
) -> None:
    assert run("sync", "--since", server.account.start.isoformat()).returncode == 0
    command = [
        sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "--output-dir", str(tmp_path),
        str(QUICKSTART),
    ]  # fmt: skip
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "not able to be represented" not in done.stderr
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto((tmp_path / "quickstart.html").as_uri(), wait_until="domcontentloaded")
    chart = page.locator(".jp-OutputArea-output img")
    chart.wait_for(timeout=PATIENCE)
    width, height = chart.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert width > 600
    assert height > 200
    # Not an empty frame: a few days make one week, whose point is blue.
    blue = chart.evaluate(
        """image => {
            const canvas = document.createElement("canvas")
            Object.assign(canvas, {width: image.naturalWidth, height: image.naturalHeight})
            const context = canvas.getContext("2d")
            context.drawImage(image, 0, 0)
            const {data} = context.getImageData(0, 0, canvas.width, canvas.height)
            let count = 0
            for (let i = 0; i < data.length; i += 4) {
                count += data[i + 2] > data[i] + 60 ? 1 : 0
            }
            return count
        }"""
    )
    assert blue > 30
    page.screenshot(path=str(tmp_path / "quickstart.png"), full_page=True)
    context.close()
