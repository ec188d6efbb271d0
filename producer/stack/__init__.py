"""The embedded stack: every server and worker of one machine."""
