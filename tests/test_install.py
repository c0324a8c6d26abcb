"""What docs/deploy.md installs, without an engine: the image, the compose file and the systemd unit."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from workbench.settings.names import known_variables, secret_variables

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
DOCUMENT = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
UNIT = (DEPLOY / "workbench.service").read_text(encoding="utf-8")
ORDERLY_END_SECONDS = 15
"""How long `workbench serve` waits for its processes; nothing may kill it before."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return content


def test_the_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, "--no-color", DEPLOY / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_file_that_is_copied_into_the_image_is_let_through_and_no_other_is() -> None:
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    }
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_nobody_in_particular_and_is_asked_whether_it_is_ready() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(entry) == ["tini", "--", "workbench"]
    assert "HEALTHCHECK" in DOCKERFILE
    assert "http://127.0.0.1:5007/readyz" in DOCKERFILE


def test_compose_sets_variables_that_exist_and_no_secret_itself(compose: dict[str, Any]) -> None:
    environment = compose["services"]["workbench"]["environment"]
    files = {name for name in environment if name.endswith("_FILE")}
    assert set(environment) - files <= set(known_variables()) - set(secret_variables())
    assert {name.removesuffix("_FILE") for name in files} <= set(secret_variables())
    mounted = {f"/run/secrets/{name}" for name in compose["services"]["workbench"]["secrets"]}
    assert {environment[name] for name in files} == mounted
    assert set(compose["services"]["workbench"]["secrets"]) == set(compose["secrets"])


def test_compose_has_the_caddyfile_of_the_document(compose: dict[str, Any]) -> None:
    shown = re.search(r"<!-- caddy -->\n```\n(.*?)```", DOCUMENT, re.DOTALL)
    assert shown
    content = compose["configs"]["caddyfile"]["content"]
    assert content.replace("${WORKBENCH_DOMAIN}", "workbench.example.com") == shown[1]


def test_compose_keeps_the_container_small_in_rights_and_lets_it_end(compose: dict[str, Any]) -> None:
    service = compose["services"]["workbench"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert int(service["stop_grace_period"].removesuffix("s")) > ORDERLY_END_SECONDS
    # Both listen on loopback only, so the proxy must be in the same network.
    assert compose["services"]["proxy"]["network_mode"] == "service:workbench"
    assert service["build"]["dockerfile"] == "docs/deploy/Dockerfile"
    assert (DEPLOY / service["build"]["context"] / "pyproject.toml").exists()


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="NO systemd-analyze here: the unit was not verified"
)
def test_the_unit_is_valid_and_closed(tmp_path: Path) -> None:
    unit = tmp_path / "workbench.service"
    # Verifying asks for the program at its place.
    unit.write_text(UNIT.replace("/opt/workbench/bin/workbench", shlex.quote(sys.executable)))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    rating = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit],
        capture_output=True, text=True,
    )  # fmt: skip
    assert rating.returncode == 0, rating.stdout


def test_the_unit_waits_for_an_orderly_end_and_gives_up_on_wrong_settings() -> None:
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert int(seconds) > ORDERLY_END_SECONDS
    assert "\nKillMode=mixed\n" in UNIT
    assert "\nRestartPreventExitStatus=2\n" in UNIT


def test_the_document_names_every_file_of_its_folder() -> None:
    for name in ("Dockerfile", "compose.yaml", "workbench.service"):
        assert f"(deploy/{name})" in DOCUMENT
