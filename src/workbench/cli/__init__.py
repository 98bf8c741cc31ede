"""The command line: arguments and exit codes only.

Each command lives in a module of its own, which is imported when the command is called, so that
``workbench --help`` answers at once and ``workbench params`` does not wait for a plotting library.

Exit codes: 0 all is good; 1 something failed; 2 wrong usage, parameters or notebooks.
"""

from workbench.cli.app import app, main

__all__ = ["app", "main"]
