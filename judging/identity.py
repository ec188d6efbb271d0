"""Who judges here. Whoever asks for a judgement needs to know it, and nothing else of a judge."""

from judging import libraries
from judging.sandbox import environment

#: Part of what identifies an execution. Change it when any verdict could change.
JUDGE_VERSION = "10"


def identity(format_name: str = "") -> str:
    """Who judges here: our version, and the Python that runs the programs. Verdicts are kept by it.

    Of a format whose programs have libraries of their own, their versions are part of it; where these
    are not here, that is said in their place, and nothing can be judged.
    """
    needed = libraries.environment_of(format_name)
    try:
        return f"{JUDGE_VERSION}, {environment.fingerprint(needed)}"
    except libraries.NotPrepared:
        return f"{JUDGE_VERSION}, {environment.fingerprint()}, no libraries of {needed}"


def identities() -> list[str]:
    """All that who judges here goes by, whatever the format."""
    return [identity(), *map(identity, libraries.environments())]
