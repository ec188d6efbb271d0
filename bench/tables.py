"""Figures as a table for the documentation."""

import os
from collections.abc import Iterable, Sequence


def show(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown, with what this machine has."""
    print(f"\n{os.cpu_count()} cores\n")
    print("| " + " | ".join(head) + " |\n|" + "---:|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
