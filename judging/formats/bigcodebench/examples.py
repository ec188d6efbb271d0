"""The examples of a prompt that can be run: most of BigCodeBench's name files or draw numbers.

Of 257 that can be read, the references of their own problems fail 121 here. What is taken depends on its
arguments alone, as far as its words tell.
"""

import re

from foureyes.judging.visible.reading import visible_tests
from foureyes.models.problem import VisibleTest

#: Words of a prompt by which two runs of the same program differ.
_CHANCE = re.compile(r"random|shuffle|seed")
#: What names a file, a folder or an address; and a call that is given nothing to depend on.
_ELSEWHERE = re.compile(r"[/\\]|\.\w{1,4}['\"]|path|dir|file|task_func\(\)")
#: Examples of official prompts that their own reference contradicts: the day on which they were
#: written, and arguments of a wrong shape.
_FALSE = frozenset({"BigCodeBench/497", "BigCodeBench/736", "BigCodeBench/874"})


def examples(problem_id: str, prompt: str, entry_point: str) -> tuple[VisibleTest, ...]:
    """The visible tests of a prompt; none for most."""
    if problem_id in _FALSE or _CHANCE.search(prompt):
        return ()
    found = visible_tests(prompt, entry_point)
    return tuple(test for test in found if not _ELSEWHERE.search(test.source))
