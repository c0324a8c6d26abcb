"""The Jupyter kernel of a report's notebook: this Python interpreter, without our secrets.

Installed kernelspecs and other files in the user's home folder are ignored: a kernel of the same name may
belong to another Python, and start-up files of IPython could change a report.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from workbench.lake.address import lake_address
from workbench.reports.report_builder import SNAPSHOT_VARIABLE
from workbench.settings import Settings
from workbench.settings.names import secret_variables

#: Environment variables that a notebook must not see. It needs the keys of a shared lake, so these stay.
_WITHHELD = ("TWILIO_", *secret_variables())


def kernel_environment(
    environ: Mapping[str, str], settings: Settings, folder: Path, snapshot: int
) -> dict[str, str]:
    """The kernel's environment: ours without secrets, with the same lake at one snapshot."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_WITHHELD)}
    address = lake_address(settings)
    own = {
        "WORKBENCH_HOME": str(settings.home),
        "WORKBENCH_LAKE": f"{address.kind}:{address.catalog}",
        "WORKBENCH_LAKE_DATA": address.data,
        "WORKBENCH_TIMEZONE": settings.timezone,
        SNAPSHOT_VARIABLE: str(snapshot),
        "IPYTHONDIR": str(folder / "ipython"),
        # matplotlib lists the machine's fonts once and caches the list.
        "MPLCONFIGDIR": str(settings.home / "tmp" / "matplotlib"),
        "PYTHONHASHSEED": "0",
    }
    return {**kept, **own}


def kernel_manager(environment: Mapping[str, str], folder: Path) -> type[AsyncKernelManager]:
    """A class of kernel managers, as nbclient wants it, for one run.

    Args:
        folder: private to this run; the key of the connection is kept in it.
    """

    class ReportKernel(AsyncKernelManager):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.connection_file = str(folder / "connection.json")
            if zmq.has("curve"):
                # Otherwise another user of this machine could read the kernel's messages on loopback.
                self.transport_encryption = "auto"

        @property
        def kernel_spec(self) -> KernelSpec:
            arguments = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            # Errors come as messages; the kernel's own log would be printed on our stderr.
            arguments.append("--log-level=50")
            return KernelSpec(
                argv=arguments,
                display_name="Python",
                language="python",
                resource_dir=str(folder),
                metadata={"supported_encryption": ["curve"]},
            )

        async def start_kernel(self, **options: Any) -> None:
            await super().start_kernel(**{**options, "env": dict(environment)})

    return ReportKernel
