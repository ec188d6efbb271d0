"""LiveCodeBench's format: programs of contests, run as a whole or asked for what a method returns."""
