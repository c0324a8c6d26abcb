"""The room is pure: it loads no database, no HTTP and no number plans until they are needed."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ["duckdb", "httpx", "twilio", "pandas", "pyarrow", "panel", "phonenumbers"]

PROGRAM = f"""
import sys
import workbench.messaging.addresses, workbench.messaging.error_codes, workbench.messaging.graphemes
import workbench.messaging.keywords, workbench.messaging.quiet_hours, workbench.messaging.segments
import workbench.messaging.status
print([name for name in {HEAVY} if name in sys.modules])
print(workbench.messaging.addresses.country("+14155552671"), "phonenumbers" in sys.modules)
"""


def test_importing_the_room_loads_nothing_heavy() -> None:
    finished = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines() == ["[]", "US True"]
