"""What runs inside the sandbox, apart from the candidate: standard library only, nothing of ours.

This folder is shown to the sandbox as the package `inside`; it holds no secret, and nothing that
the other side believes.
"""
