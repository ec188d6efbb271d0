"""Programs and verdicts: what a benchmark asks, and whether a program does it. Below workers and evaluation."""
