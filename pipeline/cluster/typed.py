"""Records of `pipeline.report` as Arrow values and back, by their type hints: nothing is lost and nothing is guessed."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

import pyarrow as pa  # type: ignore[import-untyped]

Record = TypeVar("Record")

_PLAIN = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def arrow_type(hint: Any) -> pa.DataType:
    """The Arrow type of a record, or of a field's hint."""
    if is_dataclass(hint):
        return pa.struct([pa.field(name, arrow_type(kind)) for name, kind in _hints(hint)])
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        return pa.list_(arrow_type(args[0]))
    if origin is UnionType:
        return arrow_type(_some(args))
    if origin is Mapping:
        return pa.map_(pa.string(), pa.string())
    return pa.string() if origin is Literal else _PLAIN[hint]


def to_arrow(value: Any) -> Any:
    """A record as values of its Arrow type."""
    if is_dataclass(value):
        return {name: to_arrow(getattr(value, name)) for name, _ in _hints(type(value))}
    if isinstance(value, tuple):
        return [to_arrow(part) for part in value]
    return list(value.items()) if isinstance(value, Mapping) else value


def from_arrow(hint: Any, value: Any) -> Any:
    """A record, or a field's value, of the values that Arrow holds of it."""
    if is_dataclass(hint):
        return hint(**{name: from_arrow(kind, value[name]) for name, kind in _hints(hint)})  # type: ignore[operator]
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        return tuple(from_arrow(args[0], part) for part in value)
    if origin is UnionType:
        return None if value is None else from_arrow(_some(args), value)
    return dict(value) if origin is Mapping else value


def _hints(record: Any) -> list[tuple[str, Any]]:
    """Names and hints of the fields that leave a worker: all but boxes of single characters (a hint in quotes)."""
    return [(field.name, field.type) for field in fields(record) if not isinstance(field.type, str)]


def _some(args: tuple[Any, ...]) -> Any:
    return next(arg for arg in args if arg is not NoneType)
