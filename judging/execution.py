"""By what the judging of a program is known, whoever asks for it."""

from collections.abc import Sequence

from foureyes.models.digest import digest
from foureyes.models.enums import Suite

#: The judge of a replay's visible tests: the recording, whatever Python made it.
RECORDED = "recorded"


def execution_key(
    suite: Suite,
    version: str,
    code: str,
    judge_version: str,
    given: Sequence[str] | None = None,
) -> str:
    """The key of judging a program by one suite of a problem's version.

    `judge_version` is whoever judges, as judging.identity says it; `given` what the program is given
    beside the problem.
    """
    beside = [] if given is None else [list(given)]
    return digest([suite, version, code, judge_version, *beside])
