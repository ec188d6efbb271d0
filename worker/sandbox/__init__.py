"""Judging programs that a model wrote: they are hostile until shown otherwise, and run only here.

supervisor (`sandbox.py`) -> launcher -> bubblewrap -> zygote -> one fresh process per program.
The program returns typed, serialised values (`wire.py`); what they are compared with never enters
the sandbox (`judge.py`, `comparison.py`).
"""
