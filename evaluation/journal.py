"""The verdicts of one evaluation on disk, so that nothing is judged twice and nothing is lost.

While judging, verdicts are appended to `OUTPUT.part` as they come. At the end `OUTPUT` is written
in the order of the samples, and the part file goes. Both are read when it starts again.
"""

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from models.errors import FoureyesError

Verdict = dict[str, Any]


class Journal:
    """What is known about the programs of an output file, by the key of a program's judging."""

    def __init__(self, output: Path) -> None:
        """Raises: FoureyesError if the output cannot be written, or is something else."""
        self.output = output
        self._part = output.with_name(output.name + ".part")
        try:
            self._known = _verdicts(output, output.read_bytes()) if output.exists() else {}
            self._file = self._part.open("a+b")
        except OSError as error:
            raise FoureyesError(f"{self._part}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise FoureyesError(
                f"{output}: another `foureyes evaluate` is writing it; wait for it, or choose "
                "another --output"
            ) from None
        self._recover()

    def _recover(self) -> None:
        """Read what an interrupted evaluation left, without a last line that was cut."""
        self._file.seek(0)
        data = self._file.read()
        whole = data.rfind(b"\n") + 1
        try:
            self._known |= _verdicts(self._part, data[:whole])
        except FoureyesError:
            self._file.close()
            raise
        self._file.truncate(whole)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def get(self, key: str) -> Verdict | None:
        """The verdict of a program, if it was judged; an error of the judge is no verdict."""
        verdict = self._known.get(key)
        return None if verdict is None or verdict["outcome"] == "error" else verdict

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict, also if we are killed the next moment."""
        self._known[verdict["key"]] = verdict
        try:
            self._file.write(_line(verdict))
            self._file.flush()
        except OSError as error:  # of a write it does not say where
            raise OSError(error.errno, error.strerror, str(self._part)) from None

    def finish(self, wanted: Iterable[tuple[str, str, int]]) -> list[Verdict]:
        """Write the output: a line for each (key, task_id, index), in that order; the lines."""
        verdicts = [
            {"task_id": task_id, "index": index, **_without_place(self._known[key])}
            for key, task_id, index in wanted
        ]
        making = self.output.with_name(f".{self.output.name}.{os.getpid()}")
        try:
            with making.open("wb") as file:
                file.writelines(map(_line, verdicts))
            making.replace(self.output)
        finally:
            making.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)
        return verdicts


def _without_place(verdict: Verdict) -> Verdict:
    return {name: value for name, value in verdict.items() if name not in ("task_id", "index")}


def _line(verdict: Verdict) -> bytes:
    return json.dumps(verdict, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _verdicts(path: Path, content: bytes) -> dict[str, Verdict]:
    """The verdicts that a file of ours holds, by key. Raises: FoureyesError if it is none of ours."""
    known = {}
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            verdict = json.loads(line)
            known[str(verdict["key"])] = verdict
            verdict["outcome"]
        except (ValueError, KeyError, TypeError):
            raise FoureyesError(
                f"{path} line {number}: not written by `foureyes evaluate`; choose another --output"
            ) from None
    return known
