"""Run the command line with ``python -m copier_ml``."""

from .cli import main

raise SystemExit(main())
