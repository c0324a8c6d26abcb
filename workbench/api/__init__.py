"""The notebook API: :class:`Workbench`, with the words of the command line.

``workbench.py`` has the calls of every day. Every other word (``wb.consent``, ``wb.reports`` …) is a
:class:`Namespace` in the module of its name; all of them stand on one ``installation.py``.
"""

from workbench.api.installation import Installation
from workbench.api.periods import parse_day, parse_period
from workbench.api.workbench import Workbench

__all__ = ["Installation", "Workbench", "parse_day", "parse_period"]
