"""The vocabulary every side shares: settings, tables, sessions, writes. Imports nothing else of ours."""
