"""A sweep as one file, for another machine: written, checked, brought in."""
