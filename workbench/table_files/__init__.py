"""Tables that people hand over: CSV as any program writes it, XLSX, from a file or stdin, read as text.

One reader for pages, notebooks and the command line; start at `read.py`, then `table.py` (the result). It
never guesses a value: "NA" is a text, an empty cell is "". A row with another number of cells than the header
is a problem of its line, and a file that can be read in two ways is refused.
"""

from workbench.table_files.columns import (
    ADDRESS_COLUMNS,
    CHOOSE_ADDRESS,
    RENAME,
    find_column,
    plain_name,
    recipient_column,
)
from workbench.table_files.read import LARGEST_FILE, STDIN, read_table, read_table_bytes, stdin_as_file
from workbench.table_files.table import SHOWN_PROBLEMS, InputTable, Row, RowProblem, say_problems

__all__ = [
    "ADDRESS_COLUMNS",
    "CHOOSE_ADDRESS",
    "LARGEST_FILE",
    "RENAME",
    "SHOWN_PROBLEMS",
    "STDIN",
    "InputTable",
    "Row",
    "RowProblem",
    "find_column",
    "plain_name",
    "read_table",
    "read_table_bytes",
    "recipient_column",
    "say_problems",
    "stdin_as_file",
]
