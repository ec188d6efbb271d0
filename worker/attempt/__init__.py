"""An attempt goes on: its pattern is replayed, and what it wants next is asked for."""
