"""Model engines behind one small protocol: a request goes in, an answer or an error comes out."""

from foureyes.worker.engines.base import (
    Answer,
    Concurrent,
    Engine,
    EngineDied,
    Message,
    Request,
    load,
)

__all__ = ["Answer", "Concurrent", "Engine", "EngineDied", "Message", "Request", "load"]
