"""Where Flower shows the task that did a piece of work.

Rows hold the task by which they were claimed last. Those from before that was kept are found by the task's
name and by the attempt that asked first, which stands in its arguments.
"""

from urllib.parse import quote

from foureyes.models import broker
from foureyes.results.attempts import CallShown, Check


def of_step(flower_url: str, step: CallShown | Check) -> str:
    """The address of Flower's page of the task of a model call or an execution, or of a list with it."""
    flower_url = flower_url.rstrip("/")
    if step.task_id is not None:
        return f"{flower_url}/task/{quote(step.task_id, safe='')}"
    task = step.kind if isinstance(step, CallShown) else broker.EXECUTE
    # Flower puts `name` into its search as it is, so that a second word can follow
    words = quote(f'{task} args:"attempt {step.asked_by})"', safe="")
    return f"{flower_url}/tasks?name={words}"
