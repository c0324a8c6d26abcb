"""Requests that Schemathesis makes of the OpenAPI document: nothing that the server answers is against it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.http_api.api_process import Api

ROOT = Path(__file__).parents[2]
#: A value of the right form may still be refused for what it asks (400 for a cursor that nobody gave, 422);
#: `contract_checks` wants that it is never refused for its form. The doctor and the status take a second each
#: and a report ten: the reports that are asked for here do not exist.
_CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422", "5xx"]

# Of the edges only what the document does not allow: that is refused before the lake is asked, and so quick.
[phases.coverage.generation]
mode = "negative"

[[operations]]
include-path-regex = "/(doctor|status)$"
phases.coverage.enabled = false
generation.max-examples = 1

[[operations]]
include-path = "/api/v1/reports/{report}/runs"
parameters = { "path.report" = "none" }
phases.examples.enabled = false
"""


def test_the_server_answers_as_its_document_says(api: Api, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(_CONFIG)
    schemathesis = Path(sys.executable).with_name("schemathesis")
    run = subprocess.run(
        [
            schemathesis, "--config-file", config, "run", f"{api.url}/api/v1/openapi.json",
            "-H", f"Authorization: Bearer {api.tokens['admin']}", "--checks", "all", "--seed", "16",
            "--phases", "examples,coverage,fuzzing", "--max-examples", "3", "--no-shrink",
            "--continue-on-failure", "--generation-database", "none", "--request-timeout", "60",
            "--warnings", "off", "--no-color",
        ],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.http_api.contract_checks", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    with api.client(None) as client:
        paths = client.get("/api/v1/openapi.json").json()["paths"]
    asked = sum(len(operations) for operations in paths.values())
    assert f"Tested: {asked}" in run.stdout, run.stdout[-3000:]
