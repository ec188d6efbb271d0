"""Formats of benchmarks, a room each: what a record says, what of it is shown, how programs are judged."""
