"""Samples that are none: at temperature 0 a model's answer to the same question is made once. Pure."""

from typing import Any


def copying(file: dict[str, Any]) -> list[str]:
    """The pairings of a sweep, as its row has the file, of which both models answer at temperature 0.

    If one of them draws its answers, so do the samples of every run that asks it.
    """
    greedy = {
        name
        for name, model in file.get("models", {}).items()
        if model.get("sampling", {}).get("temperature", 0) == 0
    }
    return [
        pairing["name"]
        for pairing in file.get("pairings", [])
        if {pairing["coder"], pairing["reviewer"]} <= greedy
    ]
