"""Where the `foureyes` command begins, and where whatever nobody expected ends.

Nothing of ours is imported before Ctrl-C is minded: the commands take a second to be imported.
"""

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line: 0 done, 1 not all well, 2 a mistake to mend or a bug, 130 Ctrl-C."""
    minded = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else: as under nohup
    if minded:
        signal.signal(signal.SIGINT, _end)  # an exception may get lost on its way through an import
    try:
        from producer import cli, terminal

        terminal.prepare()
        if minded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        cli.main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from producer import bug
        from results.text import in_line

        print(f"foureyes: {in_line(bug.told(error))}", file=sys.stderr)
        sys.exit(2)
    finally:
        if minded:
            signal.signal(signal.SIGINT, _end)  # nothing is left to be done in order


def _end(_: int, __: FrameType | None) -> None:
    os._exit(130)


if __name__ == "__main__":
    main()
