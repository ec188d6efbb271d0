"""llama.cpp's own OpenAI-compatible server, for tests and benches: a process on a free loopback port."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foureyes.worker.engines.llamacpp import SPIN
from tests.programs import ROOT

#: As its bindings start it, until standard input ends.
_SERVE = """
import os, sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel = int(sys.argv[2]), int(sys.argv[3])
params.warmup = params.fit_params = False
params.verbosity = 0
for threads in (params.cpuparams, params.cpuparams_batch):
    threads.n_threads = len(os.sched_getaffinity(0))
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def llamacpp_server(path: Path, context: int, slots: int = 1) -> Iterator[int]:
    """The port of a server of this GGUF file; `slots` calls at once share the `context` tokens."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(path), str(context), str(slots)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | ({"GOMP_SPINCOUNT": SPIN} if SPIN else {}),
    ) as child:  # fmt: skip
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline().rpartition(":")[2])
        finally:
            child.kill()
