"""The visible tests of a prompt: read in it, and run on a program for a pattern to see."""
