"""What can go wrong on the shared side. Each message says what happened, where, and what to do."""


class FoureyesError(Exception):
    """A mistake a person can mend: the command line prints this one line and exits with 2."""


class InfrastructureError(FoureyesError):
    """A part of the system failed (an engine, the sandbox, the broker), so no answer was reached.

    Never a wrong answer: an attempt that meets one ends in the outcome `error` and may be retried.
    """


class RequestRefused(InfrastructureError):
    """An infrastructure failure that another try cannot mend: a prompt too long, a bad request."""


class Unreachable(FoureyesError):
    """A server does not answer, or not yet: whoever can wait may try again."""
