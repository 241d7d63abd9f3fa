"""Where the command line speaks: results to standard output, the rest to standard error."""

from __future__ import annotations

import sys
from typing import NoReturn

from rich.console import Console

console = Console(soft_wrap=True)
notes = Console(stderr=True, soft_wrap=True)


def complain(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong and what to do, and end."""
    notes.print(message, style="red", markup=False, highlight=False)
    sys.exit(code)
