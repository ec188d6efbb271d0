"""If one of these fails, a program with libraries is less confined than others, or starts as slowly."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foureyes.judging import libraries
from foureyes.judging.sandbox import probe
from foureyes.judging.sandbox.inside import frames, wire
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Level

NAME = "bigcodebench"


@pytest.fixture(scope="module", params=[Level.A, Level.B])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """It has withstood the attack. `make libraries` installs what it needs."""
    sandbox = probe.start(7, (request.param,), packages=NAME)
    yield sandbox
    sandbox.close()


def answer(sandbox: Sandbox, code: str) -> Any:
    request = frames.request((frames.CALL, code, "f", 1, ""))
    with sandbox.run(request, 20) as run:
        assert run.next(20) == frames.READY
        run.ask(frames.inputs([frames.given([], False)]), 1)
        frame = run.next(20)
    assert frame is not None and frame[:1] in frames.VALUES, frame
    return wire.decode(frame[1:])


def test_a_zygote_with_libraries_has_one_thread(sandbox: Sandbox) -> None:
    """A process cloned from one with several can wait for ever for a lock that nobody holds."""
    assert len(os.listdir(f"/proc/{sandbox.pid}/task")) == 1


def test_the_libraries_are_loaded_before_the_program(sandbox: Sandbox) -> None:
    names = ("pandas", "matplotlib.pyplot", "seaborn", "scipy.stats", "sklearn.linear_model")
    code = f"import sys\nloaded = [name in sys.modules for name in {names}]\ndef f(): return loaded"
    assert answer(sandbox, code) == [True] * len(names)


def test_they_are_those_that_were_installed(sandbox: Sandbox) -> None:
    code = "import numpy, pandas\ndef f(): return [numpy.__version__, pandas.__version__]"
    assert all(
        version in f"numpy {libraries.numpy_version(NAME)} {libraries.identity(NAME)}"
        for version in answer(sandbox, code)
    )


def test_a_figure_is_drawn_without_a_display(sandbox: Sandbox) -> None:
    code = """
import io
import matplotlib
import matplotlib.pyplot as plt
def f():
    figure, axes = plt.subplots()
    axes.set_title("a title, in a font")
    axes.plot([1, 2, 3])
    out = io.BytesIO()
    figure.savefig(out)
    return [matplotlib.get_backend().lower(), len(out.getvalue()) > 1000]
"""
    assert answer(sandbox, code) == ["agg", True]


def test_the_libraries_cannot_be_changed(sandbox: Sandbox) -> None:
    code = """
import os, pandas
def f():
    try:
        open(os.path.join(os.path.dirname(pandas.__file__), "x"), "w")
    except OSError:
        return "refused"
"""
    assert answer(sandbox, code) == "refused"


def test_time_is_utc(sandbox: Sandbox) -> None:
    assert answer(sandbox, "import time\ndef f(): return list(time.tzname)") == ["UTC", "UTC"]


def test_another_sandbox_has_numpy_alone() -> None:
    sandbox = Sandbox(8, Level.A)
    try:
        code = "import importlib.util\ndef f(): return importlib.util.find_spec('pandas') is None"
        assert answer(sandbox, code) is True
    finally:
        sandbox.close()
    assert Path(libraries.folder(NAME), "pandas").is_dir()
