"""Names of the module that :mod:`workbench.settings` replaces."""

from workbench.settings import *  # noqa: F403
