"""The ids of a benchmark's problems, and those that people write in their place."""

import re
from collections import defaultdict
from collections.abc import Mapping

from foureyes.judging.formats.problem import Problem
from foureyes.models.errors import FoureyesError

_SHOWN = 80


class Ids:
    """The problems of a benchmark by id, and by what is meant to be one."""

    def __init__(self, problems: Mapping[str, Problem]) -> None:
        self.problems = problems
        self._by_folder: dict[str, list[str]] = defaultdict(list)
        self._by_form: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for problem_id in problems:
            self._by_folder[problem_id.replace("/", "_")].append(problem_id)
            form = _form(problem_id)
            for alike in {form, form[-1:]}:  # the number alone is enough, if only one has it
                self._by_form[alike].append(problem_id)

    def of_folder(self, name: str) -> Problem:
        """The problem whose programs a folder holds: `HumanEval_0` for HumanEval/0.

        Raises: FoureyesError if there is none, or more than one.
        """
        meant = self._by_folder.get(name, [])
        if not meant:
            near = self._near(name)
            raise FoureyesError(self.unknown(name, near and near.replace("/", "_")))
        if len(meant) > 1:
            raise FoureyesError(
                f"{' and '.join(map(repr, meant))} have the same folder; give their samples as a "
                "file, a line of JSON each"
            )
        return self.problems[meant[0]]

    def unknown(self, name: str, near: str | None = None) -> str:
        """What to say of an id that no problem has."""
        near = near or self._near(name)
        hint = f"; did you mean {near!r}?" if near else ""
        return f"the benchmark has no problem {name[:_SHOWN]!r}{hint}"

    def _near(self, name: str) -> str | None:
        """The one problem whose id is this, written otherwise; never one of another number."""
        meant = self._by_form.get(_form(name[:_SHOWN]), [])
        return meant[0] if len(meant) == 1 else None


def _form(name: str) -> tuple[str, ...]:
    """What stays of an id however it is written: ("humaneval", "0") of HumanEval_0 or human-eval+/00."""
    words = re.findall(r"[^\W\d_]+|\d+", name.casefold())
    form: list[str] = []
    for word in words:
        if word.isdecimal():
            form.append(word.lstrip("0") or "0")
        elif form and not form[-1].isdecimal():
            form[-1] += word
        else:
            form.append(word)
    return tuple(part.removesuffix("plus") or part for part in form)
