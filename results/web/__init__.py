"""The web pages: sweeps, runs, problems and attempts, to look at. They read, and change nothing."""
