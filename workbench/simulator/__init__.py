"""A simulated Twilio account: believable traffic from a seed, served over Twilio's REST interface.

Used by the demo and by every test that talks to Twilio; it imports nothing of the product but `messaging`.
Start at `server.py`, then `account/` (its data), `traffic/` (the generator), `rest/` and `webhooks/`.
"""

from workbench.simulator.account.account import Account
from workbench.simulator.account.truth import breaches, summary, truth_rows
from workbench.simulator.clock import Clock
from workbench.simulator.errors import SimulatorError
from workbench.simulator.export import TrafficRow, generate_traffic
from workbench.simulator.faults import Fault
from workbench.simulator.runtime import Options
from workbench.simulator.server import Server, run, serve
from workbench.simulator.traffic.profile import COMPANY, PROFILES, TWO_CURRENCIES, Profile
from workbench.simulator.webhooks.callbacks import Habits
from workbench.simulator.webhooks.forms import Urls

__all__ = [
    "COMPANY",
    "PROFILES",
    "TWO_CURRENCIES",
    "Account",
    "Clock",
    "Fault",
    "Habits",
    "Options",
    "Profile",
    "Server",
    "SimulatorError",
    "TrafficRow",
    "Urls",
    "breaches",
    "generate_traffic",
    "run",
    "serve",
    "summary",
    "truth_rows",
]
