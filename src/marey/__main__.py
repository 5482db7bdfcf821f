"""Makes ``python -m marey`` the same as the ``marey`` command."""

from marey.cli.app import main

main()
