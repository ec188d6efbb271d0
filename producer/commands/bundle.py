"""`foureyes doctor --bundle`: what a report of a bug needs, in one file, without what opens anything."""

import json
import os
import platform
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

from foureyes.models import keys, llm
from foureyes.models.output import FileKind
from foureyes.models.redaction import redacted
from foureyes.models.settings import settings
from foureyes.producer.commands.doctor import Finding
from foureyes.producer.stack import postgres

_FOLDER = "foureyes-doctor"
#: A zip file whose first member is in our folder: behind the 30 bytes that stand before a name.
BUNDLE = FileKind("bundle", re.compile(rb"PK\x03\x04(?s:.{26})foureyes-doctor/"))
#: Bytes of the end of a log.
_MOST = 1 << 20
#: Files of earlier bugs.
_BUGS = 10

#: What looks like a secret whoever has it: another process's environment may have held it.
_NAMED = re.compile(
    r"(?i)((?:authorization|cookie|api[-_ ]?key|\w*(?:token|secret|passw(?:or)?d|passwd))"
    r"\b[\"']?\s*(?:[:=]\s*|is |provided: )[\"']?)((?:bearer|basic)\s+)?[^\s\"',;]+"
)
_BEARER = re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{6,}")
_SHAPED = re.compile(r"\b(?:sk|pk|rk|hf|gh[opsru]|github_pat|xox[abp]|AKIA|AIza)[-_]?[\w-]{12,}")
_HIDDEN = "***"


def write(file: BinaryIO, findings: Iterable[Finding]) -> int:
    """Write the findings, the versions of what is installed, and the ends of the logs; how many logs.

    Every text is without the secrets that this process can know of, and without what looks like one.
    """
    llm.KEY_VARIABLES.update(keys.variables())  # whose values are secrets by any name
    ours = _passwords()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:

        def add(name: str, text: str) -> None:
            bundle.writestr(f"{_FOLDER}/{name}", _discreet(text, ours))

        add("findings.txt", "".join(_line(each) for each in findings))
        add("versions.txt", "\n".join(_versions()))
        logs = 0
        for name, path in _logs():
            with suppress(OSError):  # it ends with its process
                add(name, _end_of(path))
                logs += 1
    return logs


def _line(finding: Finding) -> str:
    return f"{'ok' if finding.fine else 'missing':8}{finding.name}: {finding.found}\n"


def _versions() -> Iterator[str]:
    yield f"{platform.platform()}, Python {platform.python_version()}"
    found = {each.name: each.version for each in metadata.distributions()}
    yield from (f"{name}=={found[name]}" for name in sorted(found, key=str.lower))


def _logs() -> Iterator[tuple[str, Path]]:
    """The logs of this home's stack, its database's, and the details of bugs; never through a link."""
    home = settings().home
    for path in sorted((home / "logs").glob("*.log*")):
        if path.is_file() and not path.is_symlink():
            yield f"logs/{path.name}", path
    if (home / "postgres").is_dir():
        yield "logs/postgres.log", postgres.log(home)
    bugs = Path(tempfile.gettempdir()).glob("foureyes-bug-*.txt")
    own = [path for path in bugs if path.lstat().st_uid == os.geteuid() and not path.is_symlink()]
    for path in sorted(own, key=lambda path: path.stat().st_mtime)[-_BUGS:]:
        yield f"bugs/{path.name}", path


def _end_of(path: Path) -> str:
    """Its last lines, whole ones: half a secret would not be found."""
    with path.open("rb") as log:
        size = path.stat().st_size
        log.seek(max(0, size - _MOST))
        if size > _MOST:
            log.readline()
        return log.read(_MOST).decode(errors="replace")


def _passwords() -> list[str]:
    """Those of the broker and of Flower, which are made anew at each start of a stack."""
    try:
        told = json.loads((settings().home / "stack.json").read_text())
    except (OSError, ValueError):
        return []
    broker = re.findall(r"//[^/:@]*:([^@]+)@", str(told.get("broker_url")))
    return [word for word in (*broker, told.get("flower_password")) if word]


def _discreet(text: str, ours: list[str]) -> str:
    return "\n".join(_without_secrets(line, ours) for line in text.splitlines()) + "\n"


def _without_secrets(line: str, ours: list[str]) -> str:
    line = redacted(line)
    for word in ours:
        line = line.replace(word, _HIDDEN)
    line = _NAMED.sub(rf"\1{_HIDDEN}", line)
    return _SHAPED.sub(_HIDDEN, _BEARER.sub(rf"\1{_HIDDEN}", line))
