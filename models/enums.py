"""The closed sets of words used in rows, messages and code (see docs/words.md)."""

from enum import StrEnum


class Role(StrEnum):
    """Who a pattern asks: each pairing says which model plays which role."""

    CODER = "coder"
    REVIEWER = "reviewer"


class Kind(StrEnum):
    """What a step is for. The first four are model calls and double as task names in Flower."""

    DRAFT = "draft"
    PLAN = "plan"
    REVIEW = "review"
    FIX = "fix"
    TRIAL = "trial"  # the visible tests are run
    JUDGE = "judge"  # the hidden tests are run, once the pattern has returned its code


class State(StrEnum):
    """Where a completion, an execution or an attempt is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"  # the infrastructure failed; `foureyes retry` puts it back to queued
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How an attempt ended. An `error` is never counted as a wrong answer.

    `refused`: a model or its provider declined to answer (a content filter, a refusal), and there was
    no program to judge. It counts as not solved, and is shown apart.
    """

    SOLVED = "solved"
    UNSOLVED = "unsolved"
    REFUSED = "refused"
    ERROR = "error"


class Suite(StrEnum):
    """Which tests an execution ran: those in the prompt, or the base and plus tests nobody is shown."""

    VISIBLE = "visible"
    HIDDEN = "hidden"


class Status(StrEnum):
    """What became of one set of hidden tests, in EvalPlus's words."""

    PASS = "pass"
    FAIL = "fail"
    TIMEOUT = "timeout"


class Level(StrEnum):
    """What holds a program while it is judged; see docs/sandbox.md."""

    A = "A"  # namespaces, system call filter, limits
    B = "B"  # no namespaces to be had: Landlock instead


class LogFormat(StrEnum):
    """How a line of a log is written."""

    TEXT = "text"
    JSON = "json"
