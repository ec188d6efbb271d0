"""What can go wrong on the shared side. Each message says what happened, where, and what to do."""


class FoureyesError(Exception):
    """A mistake a person can mend: the command line prints this one line and exits with 2."""


class Mistakes(FoureyesError):
    """Several of them, found in one go: the command line prints a line for each."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        return "; ".join(self.lines)


class InfrastructureError(FoureyesError):
    """A part of the system failed (an engine, the sandbox, the broker), so no answer was reached.

    Never a wrong answer: an attempt that meets one ends in the outcome `error` and may be retried.
    """


class RequestRefused(InfrastructureError):
    """An infrastructure failure that another try cannot mend: a prompt too long, a bad request."""


#: What is said of a problem that cannot be judged where it was tried, behind its name and before the reason.
REFERENCE_FAILS = "its reference program fails"

#: How an attempt's error begins, as a regular expression, where its pattern failed; that of a control at
#: equal tokens quotes the one of the attempt that it waited for.
PATTERN_FAILED = r"^(no budget: .* ended in error: )?pattern ['\"].*['\"], step \d+: "


class Unreachable(FoureyesError):
    """A server does not answer, or not yet: whoever can wait may try again."""


#: Characters of what an error of a user's own code says that are told.
_MOST = 500


def said_of(error: BaseException) -> str:
    """An error of a user's own code in one line: its type, and how what it says begins.

    It may be as long as an answer, which it may quote, or fail itself when it is asked.
    """
    try:
        said = " ".join(str(error).split())
    except Exception as worse:
        said = f"(what it says cannot be told: {type(worse).__name__})"
    cut = said if len(said) <= _MOST else f"{said[:_MOST]} ..."
    return f"{type(error).__name__}: {cut}" if cut else type(error).__name__
