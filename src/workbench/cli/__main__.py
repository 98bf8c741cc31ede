"""``python -m workbench.cli``: the command line without its script."""

from workbench.cli.app import main

main()
