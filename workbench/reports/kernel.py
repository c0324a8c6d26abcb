"""The Python that a report's notebook runs in: this interpreter, and none of its secrets.

Neither an installed kernelspec nor anything else in the home folder takes part: a kernel of the same name
there may belong to another Python, and start-up files of IPython could change what a report says.
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

#: What a notebook that reads the lake has no business with. A shared lake's own keys it does need.
_WITHHELD = ("TWILIO_", *secret_variables())


def kernel_environment(
    environ: Mapping[str, str], settings: Settings, folder: Path, snapshot: int
) -> dict[str, str]:
    """The kernel's environment: ours without secrets, leading to the same lake at one version of it."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_WITHHELD)}
    address = lake_address(settings)
    own = {
        "WORKBENCH_HOME": str(settings.home),
        "WORKBENCH_LAKE": f"{address.kind}:{address.catalog}",
        "WORKBENCH_LAKE_DATA": address.data,
        "WORKBENCH_TIMEZONE": settings.timezone,
        SNAPSHOT_VARIABLE: str(snapshot),
        "IPYTHONDIR": str(folder / "ipython"),
        # matplotlib lists the machine's fonts once and keeps the list.
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
                # Otherwise anybody on this machine who can watch its loopback reads what the kernel says.
                self.transport_encryption = "auto"

        @property
        def kernel_spec(self) -> KernelSpec:
            arguments = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            # What matters comes as messages; the kernel's own log would end up on our stderr.
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
