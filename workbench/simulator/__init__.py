"""A stand-in Twilio account: believable traffic from a seed, served over Twilio's REST interface.

Used by the demo and by every test that talks to Twilio. It knows nothing of the rest of this product.
"""

from workbench.simulator.account import Account
from workbench.simulator.callbacks import Habits
from workbench.simulator.clock import Clock
from workbench.simulator.errors import SimulatorError
from workbench.simulator.export import TrafficRow, generate_traffic
from workbench.simulator.faults import Fault
from workbench.simulator.profile import COMPANY, PROFILES, TWO_CURRENCIES, Profile
from workbench.simulator.runtime import Options
from workbench.simulator.server import Server, run, serve
from workbench.simulator.truth import breaches, summary, truth_rows
from workbench.simulator.webhooks import Urls

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
