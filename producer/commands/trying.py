"""Asking a model's server once, before anything is enqueued: what it refuses, it would refuse each call."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel import select

from foureyes.models import llm
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import AnyModel, OpenAI
from foureyes.models.session import session
from foureyes.models.tables import LanguageModel
from foureyes.producer.sweeps import sweep_file
from foureyes.producer.sweeps.estimate import SweepEstimate
from foureyes.worker.patterns.reading.schemas import REVIEW_SCHEMAS

if TYPE_CHECKING:
    from foureyes.worker.engines.probe import Setting


def model_of(name: str, file: Path | None) -> AnyModel:
    """The model of this name in a sweep file, or as the latest sweep defined it in this database.

    Raises: FoureyesError if there is none.
    """
    if file is not None:
        models = sweep_file.parse(file).models
        if name not in models:
            known = ", ".join(models)
            raise FoureyesError(f"{file}: it has no model named {name!r}, but: {known}")
        return models[name]
    with session() as db:
        row = db.exec(select(LanguageModel).where(LanguageModel.name == name)).one_or_none()
    if row is None:
        raise FoureyesError(
            f"no sweep here has defined a model named {name!r}; --sweep FILE names a file that does"
        )
    return llm.read(row.settings)


def request_to(model: AnyModel) -> dict[str, Any]:
    """A call with all that a sweep may send to a model; its messages are the probe's own."""
    return {
        "messages": [],
        "sampling": model.sampling.asked(),
        "seed": model.sampling.seed if model.sampling.temperature > 0 else None,
        "schema": REVIEW_SCHEMAS["reasons-first"],
        "thinking": model.thinking,
    }


def ask_first(
    models: dict[str, AnyModel], plan: SweepEstimate, say: Callable[[str], None], *, elsewhere: bool
) -> None:
    """Ask each server that a plan has calls for. One that is away is only told: it may come back.

    `elsewhere`: the workers are not this process's own. What they reach, and with which key, cannot be
    known here then.

    Raises: FoureyesError if a server refuses what it would be sent.
    """
    for name, model in models.items():
        example = plan.models[name].example if name in plan.models else None
        if example is None or not isinstance(model, OpenAI):
            continue
        from foureyes.worker.engines.probe import probe  # it brings an HTTP client

        try:
            tried = probe(model, example)
        except FoureyesError as error:
            if not elsewhere:
                raise
            say(f"not tried from here: {error}")
            continue
        again = f"`foureyes models try {name} --sweep FILE` asks again"
        if tried.refused:
            first = tried.refused[0]
            raise FoureyesError(
                f"models.{name}: the server refuses {_listed(tried.refused)}; write "
                f"{tried.advice} ({first.said}); {again}"
            )
        if tried.for_ever and not elsewhere:
            raise FoureyesError(f"models.{name}: {tried.said}; {again}")
        if tried.said:
            say(f"models.{name} gave no answer yet: {tried.said}")


def ask_once(name: str, model: OpenAI) -> None:
    """Raises: FoureyesError if a model's server gives no answer, or refuses what it would be sent."""
    from foureyes.worker.engines.probe import probe  # it brings an HTTP client

    tried = probe(model, request_to(model))
    if tried.refused:
        raise FoureyesError(f"models.{name}: write {tried.advice} ({tried.refused[0].said})")
    if tried.answer is None:
        raise FoureyesError(f"models.{name}: {tried.said}")


def _listed(settings: Iterable["Setting"]) -> str:
    return ", ".join(f"`{each.name}`" for each in settings)
