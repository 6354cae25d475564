"""`python -m chatwright` is the door too."""

from chatwright.cli.app import main

main()
