"""A sweep for other programs: tables, samples, recordings."""
