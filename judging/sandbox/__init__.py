"""Runs programs that nobody trusts, and judges them by what they return."""
