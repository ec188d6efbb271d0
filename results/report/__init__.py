"""The figures as a report: in the terminal, as a page, as data."""
