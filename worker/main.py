"""One worker process, as the stack starts it: `python -m foureyes.worker.main -n NODE -Q QUEUES --concurrency=N`.

`celery -A foureyes.worker.app worker` does the same for whoever starts workers by hand. It first imports every
command that Celery has, a shell and Flower among them: a sixth of what a worker's start costs.
"""

import argparse
import sys
from typing import NoReturn

from foureyes.models.later import importing

with importing():
    from celery.utils.nodenames import default_nodename, host_format

    from foureyes.worker.app import app

    app.loader.import_default_modules()  # the tasks


def main() -> NoReturn:
    """Work until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m foureyes.worker.main")
    parser.add_argument("-n", dest="node", required=True, help="NAME@HOST; %%h is this machine")
    parser.add_argument("-Q", dest="queues", required=True, help="what it consumes, by commas")
    parser.add_argument("--concurrency", type=int, required=True, help="threads")
    given = parser.parse_args()
    worker = app.Worker(
        hostname=host_format(default_nodename(given.node)),
        queues=given.queues.split(","),
        concurrency=given.concurrency,
        pool_cls="threads",  # an engine cannot live in a prefork child
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
