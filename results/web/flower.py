"""Where Flower shows the task that did a piece of work.

Rows hold no task ids: a message may be sent several times, and each is a task of its own. Tasks are
found by their name and by the attempt that asked first, which stands in their arguments.
"""

from urllib.parse import quote

from foureyes.models import broker
from foureyes.results.attempts import CallShown, Check


def of_step(flower_url: str, step: CallShown | Check) -> str:
    """The address of Flower's list of the tasks of a model call or an execution."""
    task = step.kind if isinstance(step, CallShown) else broker.EXECUTE
    # Flower puts `name` into its search as it is, so that a second word can follow
    words = quote(f'{task} args:"attempt {step.asked_by})"', safe="")
    return f"{flower_url.rstrip('/')}/tasks?name={words}"
