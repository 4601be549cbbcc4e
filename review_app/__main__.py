"""``python -m review_app``."""

from review_app.cli import main

main()
