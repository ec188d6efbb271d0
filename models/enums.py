"""The closed sets of words used in rows, messages and code (see docs/words.md)."""

from enum import StrEnum


class Kind(StrEnum):
    """What a step is for. Those that are model calls double as task names in Flower."""

    DRAFT = "draft"
    PLAN = "plan"
    REVIEW = "review"
    FIX = "fix"
    ASK = "ask"  # a prompt of the pattern's author; its name is the step's
    TESTS = "tests"  # a model writes tests
    INPUTS = "inputs"  # a model writes inputs
    TRIAL = "trial"  # the visible tests are run
    RUN = "run"  # tests that a model wrote are run
    COMPARE = "compare"  # several programs are run on the same inputs
    TRACE = "trace"  # a program is run line by line
    JUDGE = "judge"  # the hidden tests are run, once the pattern has returned its code


#: What a model answers.
CALLS = (Kind.DRAFT, Kind.PLAN, Kind.REVIEW, Kind.FIX, Kind.ASK, Kind.TESTS, Kind.INPUTS)


class State(StrEnum):
    """Where a completion, an execution or an attempt is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"  # no verdict was reached; `foureyes retry` puts it back to queued
    CANCELLED = "cancelled"


class Hold(StrEnum):
    """Why nothing new is started of a run: somebody paused it, or its sweep has reached a cap."""

    PAUSED = "paused"
    USD = "max_usd"
    TOKENS = "max_tokens"
    HOURS = "max_hours"


#: The caps among them.
CAPS = (Hold.USD, Hold.TOKENS, Hold.HOURS)


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
    """What an execution ran: the tests in the prompt, the base and plus tests that nobody is shown, tests
    that a model wrote, several programs on the same inputs, or one line by line."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    WRITTEN = "written"
    COMPARED = "compared"
    TRACED = "traced"


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
