"""If this fails, an attempt may end in a SystemError of Python's, as one of the demo did."""

import gc
from concurrent.futures import ThreadPoolExecutor

from foureyes.models import trees

SOURCE = "\n".join(f"x{n} = [(({n} + 1) * 2, {{'a': [{n}]}}) for y in range(3)]" for n in range(50))


def test_many_threads_make_trees_at_the_same_time() -> None:
    class Slow:
        """Lets others go on while Python collects it, in the midst of a tree."""

        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            for _ in range(200):
                pass

    def make(_: int) -> int:
        Slow()
        return len(trees.parse(SOURCE).body)

    before = gc.get_threshold()
    gc.set_threshold(50)
    try:
        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(make, range(300))) == {50}
    finally:
        gc.set_threshold(*before)
    assert trees.literal(" {'a': [1]}") == {"a": [1]}
    assert trees.expression("f(1)").body.func.id == "f"  # type: ignore[attr-defined]
