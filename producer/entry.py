"""Where the `foureyes` command begins, and where whatever nobody expected ends.

Nothing else of ours is imported before Ctrl-C is minded: the commands take a moment to be imported.
"""

import signal
import sys

from foureyes.models.later import end, importing, is_minded


def main() -> None:
    """Run the command line: 0 done, 1 not all well, 2 a mistake to mend or a bug, 130 Ctrl-C."""
    minded = is_minded()
    try:
        with importing():
            from foureyes.producer import cli
            from foureyes.producer.commands import terminal

            terminal.prepare()
        cli.main()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from foureyes.producer import bug
        from foureyes.results.visible import in_line

        print(f"foureyes: {in_line(bug.told(error))}", file=sys.stderr)
        sys.exit(2)
    finally:
        if minded:
            signal.signal(signal.SIGINT, end)  # nothing is left to be done in order


if __name__ == "__main__":
    main()
