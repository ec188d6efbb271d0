"""A person's side: sweep files, benchmarks, the command line."""
