"""The one name under which all of foureyes is imported and installed.

Its folders are the repository's own, linked here: `foureyes.worker` is `worker/`.
"""
