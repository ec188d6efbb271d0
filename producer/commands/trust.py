"""Asking a person, once, whether a server may be sent a key."""

import os
import sys
from collections.abc import Collection, Mapping

import typer

from foureyes.models import keys
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import AnyModel, OpenAI
from foureyes.producer.home import prepared
from foureyes.results.visible import visible


def settle(models: Mapping[str, AnyModel], trusted: Collection[str]) -> None:
    """See to it that every server with a key in this environment may be sent it: it is this machine,
    was allowed before, is among the `trusted` hosts (`--trust-host`), or a person at a terminal says so.

    Raises: FoureyesError naming the key's variable and the host, if nobody does.
    """
    hosts = {host.lower().rstrip(".") for host in trusted}
    for name, model in models.items():
        if not isinstance(model, OpenAI) or not os.environ.get(model.api_key_env, "").strip():
            continue
        if said := keys.mistake_in(model.api_key_env):
            raise FoureyesError(f"models.{name}.api_key_env: {said}")
        host = keys.host_of(model.base_url)
        if keys.may_have(model.api_key_env, host):
            continue
        if host not in hosts and not _confirmed(name, model.api_key_env, host):
            raise FoureyesError(
                f"models.{name}: the key in {model.api_key_env} was never sent to {host}; "
                f"if it may be, say so: `--trust-host {host}`"
            )
        keys.bind(model.api_key_env, host, prepared())


def _confirmed(name: str, variable: str, host: str) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return typer.confirm(visible(f"models.{name}: may {host} be sent the key in {variable}?"))
