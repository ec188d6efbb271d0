"""The verdicts of one evaluation on disk, so that nothing is judged twice and nothing is lost.

While judging, verdicts are appended to `OUTPUT.part` as they come. At the end `OUTPUT` is written
in the order of the samples, and the part file goes. Both are read when it starts again; a verdict
without this installation's seal came with the samples, say, and is not believed. Where the output is a
device or a pipe, nothing is kept.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from foureyes.evaluation import seal
from foureyes.models import output as outputs
from foureyes.models.errors import FoureyesError
from foureyes.models.output import VERDICTS

Verdict = dict[str, Any]

#: How a line of ours begins.
_LINE = b'{"task_id": "", "index": 0, '


class Journal:
    """What is known about the programs of an output file, by the key of a program's judging."""

    def __init__(self, output: Path, *, force: bool = False) -> None:
        """Raises: FoureyesError if the output cannot be written, or is something else."""
        self.output = output
        self._force = force
        self._known: dict[str, Verdict] = {}
        #: Verdicts that were not given here, and are none therefore.
        self.foreign = 0
        target = outputs.find(output, VERDICTS, force=force)
        if target.is_stream:
            self._part = None
            self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
            return
        self._part = target.path.with_name(target.path.name + ".part")
        try:
            if target.path.exists():
                self._known = self._ours(_verdicts(output, target.path.read_bytes(), force))
            if self._part.is_symlink() or (self._part.exists() and not self._part.is_file()):
                raise FoureyesError(f"{self._part}: is no file; remove it")
            self._file = self._part.open("a+b")
        except OSError as error:
            raise outputs.failure(self._part, error) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise FoureyesError(
                f"{output}: another `foureyes evaluate` is writing it; wait for it, or choose "
                "another --output"
            ) from None
        self._recover(self._part)

    def _recover(self, part: Path) -> None:
        """Read what an interrupted evaluation left, without a last line that was cut."""
        self._file.seek(0)
        data = self._file.read()
        whole = data.rfind(b"\n") + 1
        try:
            if data and not _begins_as_ours(data):
                raise FoureyesError(
                    f"{part} line 1: not written by `foureyes evaluate`, and never replaced; move it "
                    "away, or choose another --output"
                )
            found = self._ours(_verdicts(part, data[:whole], self._force))
        except FoureyesError:
            self._file.close()
            raise
        self._known |= found
        self._file.truncate(whole if found else 0)

    def _ours(self, found: list[Verdict]) -> dict[str, Verdict]:
        """By key, the verdicts that were given here; the others are counted."""
        ours = {}
        for verdict in found:
            if seal.is_ours(verdict):
                del verdict["seal"]
                ours[str(verdict["key"])] = verdict
            else:
                self.foreign += 1
        return ours

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # a full disk refuses again what `add` could not write
            self._file.close()

    def get(self, key: str) -> Verdict | None:
        """The verdict of a program, if it was judged; an error of the judge is no verdict."""
        verdict = self._known.get(key)
        return None if verdict is None or verdict["outcome"] == "error" else verdict

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict, also if we are killed the next moment.

        Raises: FoureyesError if the disk is full, or somebody removed the file.
        """
        self._known[verdict["key"]] = verdict
        try:
            self._file.write(_line(verdict))
            self._file.flush()
        except OSError as error:
            raise outputs.failure(self._part or self.output, error) from None
        if self._part is not None and os.fstat(self._file.fileno()).st_nlink == 0:
            raise FoureyesError(f"{self._part}: somebody removed it, or its folder")

    def finish(self, wanted: Iterable[tuple[str, str, int]]) -> list[Verdict]:
        """Write the output: a line for each (key, task_id, index), in that order; the lines."""
        verdicts = [
            {"task_id": task_id, "index": index, **_without_place(self._known[key])}
            for key, task_id, index in wanted
        ]
        with outputs.writing(self.output, VERDICTS, force=self._force) as file:
            file.writelines(map(_line, verdicts))
        if self._part is not None:
            self._part.unlink(missing_ok=True)
        return verdicts


def _without_place(verdict: Verdict) -> Verdict:
    return {name: value for name, value in verdict.items() if name not in ("task_id", "index")}


def _begins_as_ours(data: bytes) -> bool:
    """Whether it begins with a verdict, or with so much of one as was written before a cut."""
    return any(VERDICTS.begins.match(data + _LINE[at:]) for at in range(len(_LINE) + 1))


def _line(verdict: Verdict) -> bytes:
    sealed = verdict | {"seal": seal.of(verdict)}
    return json.dumps(sealed, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _verdicts(path: Path, content: bytes, force: bool) -> list[Verdict]:
    """The verdicts that a file of ours holds.

    Raises: FoureyesError if it is none of ours, unless it may be replaced all the same.
    """
    known = []
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            verdict = json.loads(line)
            known.append(verdict)
            verdict["key"], verdict["outcome"]
        except (ValueError, KeyError, TypeError):
            if force:
                return []
            raise FoureyesError(
                f"{path} line {number}: not written by `foureyes evaluate`; choose another "
                "--output, or --force replaces it"
            ) from None
    return known
