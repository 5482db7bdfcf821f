"""Writing TOML: what a calibration file needs of it (tables, text, numbers, lists), with every digit kept."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def to_toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return TOML of a mapping of tables; values that are None are left out."""
    lines = []
    for name, table in tables.items():
        lines += _table(_key(name), table)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(name: str, table: Mapping[str, Any]) -> list[str]:
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"[{name}]"]
    lines += [
        f"{_key(key)} = {_value(value)}"
        for key, value in table.items()
        if key not in inner and value is not None
    ]
    lines.append("")
    for key, value in inner.items():
        lines += _table(f"{name}.{_key(key)}", value)
    return lines


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if is_bare else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Sequence):
        return "[ " + ", ".join(_value(item) for item in value) + " ]"
    raise TypeError(f"a {type(value).__name__} cannot be written as TOML")


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    text = repr(value)
    return text if any(mark in text for mark in ".en") else f"{text}.0"
