"""Judges samples made elsewhere, here or by EvalPlus itself, to compare the two."""
