"""The part of JSON Schema that answers are asked in: what every engine that can bind an answer knows.

A schema is the author's, an answer a model's: the one is checked once, with words for a person, and
the other only fits or does not.
"""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

#: Values that a pattern is rehearsed with, of one schema.
_MOST_EXAMPLES = 20
#: What a schema may say, and of which type each word's value is.
_WORDS: dict[str, tuple[type, ...]] = {
    "type": (str,),
    "properties": (dict,),
    "required": (list, tuple),
    "additionalProperties": (bool,),
    "items": (dict,),
    "minItems": (int,),
    "maxItems": (int,),
    "enum": (list, tuple),
    "minLength": (int,),
    "maxLength": (int,),
    "minimum": (int, float),
    "maximum": (int, float),
    "title": (str,),
    "description": (str,),
}
#: Characters and items that a schema may ask for: an example of it is made.
_MOST = 100_000
_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}


def check(schema: Any, place: str = "the schema") -> None:
    """See that it is a schema, and one that something fits. Raises: ValueError naming the place."""
    if not isinstance(schema, dict):
        raise ValueError(f"{place} is a JSON schema as a dict, not {schema!r:.60}")
    for word, value in schema.items():
        if word not in _WORDS:
            known = ", ".join(_WORDS)
            raise ValueError(f"{place}: there is no word {word!r} here; there are {known}")
        if not isinstance(value, _WORDS[word]) or (isinstance(value, bool) and word[:3] != "add"):
            kinds = " or ".join(kind.__name__ for kind in _WORDS[word])
            raise ValueError(f"{place}: {word!r} is a {kinds}, not {value!r:.60}")
    if "enum" not in schema and schema.get("type") not in _TYPES:
        known = ", ".join(_TYPES)
        raise ValueError(f"{place}: 'type' is one of {known}, not {schema.get('type')!r:.60}")
    for word in ("minItems", "maxItems", "minLength", "maxLength"):
        if schema.get(word, 0) < 0:
            raise ValueError(f"{place}: {word!r} is from 0, not {schema[word]}")
    for value in schema.get("enum", ()):
        if not _is_json(value):
            raise ValueError(f"{place}: 'enum' holds what no JSON is: {value!r:.60}")
    for name, inner in schema.get("properties", {}).items():
        check(inner, f"{place}, {name!r}")
    if "items" in schema:
        check(schema["items"], f"{place}, 'items'")
    for name in schema.get("required", ()):
        if name not in schema.get("properties", {}):
            raise ValueError(f"{place}: {name!r} is required, and not among the properties")
    if _least(schema) > _MOST:
        raise ValueError(
            f"{place}: 'minItems' and 'minLength' ask for more than {_MOST} characters or items"
        )
    if not fits(schema, example(schema)):
        raise ValueError(f"{place}: nothing can be found that fits it")


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def _least(schema: dict[str, Any]) -> int:
    """Characters and items that the shortest example of a schema has."""
    match schema.get("type"):
        case "object":
            return sum(map(_least, schema.get("properties", {}).values()))
        case "array":
            each = _least(schema["items"]) if "items" in schema else 1
            return max(schema.get("minItems", 0), 1) * max(each, 1)
        case "string":
            return int(schema.get("minLength", 0))
    return 1


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value is as a schema says."""
    kind = schema.get("type")
    if kind is not None and not _TYPES[kind](value):
        return False
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        return False
    if isinstance(value, str):
        return _between(schema, "minLength", len(value), "maxLength")
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int | float):
        is_finite = isinstance(value, int) or math.isfinite(value)  # one too large for a float
        return is_finite and _between(schema, "minimum", value, "maximum")
    if isinstance(value, list):
        items = schema.get("items")
        return _between(schema, "minItems", len(value), "maxItems") and (
            items is None or all(fits(items, each) for each in value)
        )
    known = schema.get("properties", {})
    if schema.get("additionalProperties") is False and not value.keys() <= known.keys():
        return False
    return set(schema.get("required", ())) <= value.keys() and all(
        fits(known[name], inner) for name, inner in value.items() if name in known
    )


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _between(schema: dict[str, Any], least: str, value: float, most: str) -> bool:
    return bool(schema.get(least, -math.inf) <= value <= schema.get(most, math.inf))


def examples(schema: dict[str, Any], text: str = "text") -> list[Any]:
    """What fits a schema: the least, the most, and others that are the least but for one part. A pattern is
    rehearsed with them; `text` stands where any would do."""
    found = [example(schema, text), example(schema, text, most=True)]
    for other in _others(schema, text):
        if len(found) == _MOST_EXAMPLES:
            break
        if fits(schema, other) and not any(_same(other, each) for each in found):
            found.append(other)
    return found


def example(schema: dict[str, Any], text: str = "text", most: bool = False) -> Any:
    """Something that fits a schema, if that is easily found: the least, or the most; `text` where it holds
    any."""
    if schema.get("enum"):
        return schema["enum"][-1 if most else 0]
    match schema.get("type"):
        case "object":
            known = schema.get("properties", {})
            return {name: example(inner, text, most) for name, inner in known.items()}
        case "array":
            count = min(max(schema.get("minItems", 0), 1), schema.get("maxItems", 1000))
            return [example(schema.get("items", {"type": "null"}), text, most)] * count
        case "string":
            return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]
        case "number" | "integer" as kind:
            least = schema.get("minimum", min(0, schema.get("maximum", 0)))
            value = schema.get("maximum", least + 1) if most else least
            whole = math.floor if most else math.ceil
            return whole(value) if kind == "integer" else value
        case "boolean":
            return most
    return None


def _others(schema: dict[str, Any], text: str) -> Iterator[Any]:
    """The least that fits, but for one part of it."""
    least = example(schema, text)
    if schema.get("enum"):
        yield from schema["enum"][1:]
        return
    match schema.get("type"):
        case "object":
            for name, inner in schema.get("properties", {}).items():
                yield {other: value for other, value in least.items() if other != name}
                yield from (least | {name: value} for value in _others(inner, text))
        case "array":
            yield []
            yield least * 2
            items = schema.get("items", {"type": "null"})
            yield from ([value] * max(1, len(least)) for value in _others(items, text))
        case "string":
            yield ""
        case "number" | "integer":
            most = example(schema, text, most=True)
            yield from range(math.floor(least) + 1, min(math.ceil(most), math.floor(least) + 10))
            yield most
        case "boolean":
            yield True
