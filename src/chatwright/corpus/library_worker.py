"""The child that imports modules and reads their docstrings.

Runs as a script under the same interpreter, knows nothing of the package, and talks in JSON lines:
one module name in, one record out. Whatever a module prints goes nowhere, what it raises is caught,
and when it hangs or ends the process, the parent loses this child only.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import sys
import types
import warnings
from enum import Enum
from functools import cached_property
from typing import Any

# Spellings that differ between runs or machines: objects without a value of their own, sets, paths.
_UNSTABLE = re.compile(r"^<(?!class |enum )|0x[0-9a-f]{4}|^\{[^:]*\}$|^frozenset\(|^set\(")
_LONGEST_DEFAULT = 40
_PROPERTIES = (property, cached_property, types.GetSetDescriptorType, types.MemberDescriptorType)


class _Elided:
    def __repr__(self) -> str:
        return "..."


def _default(value: Any) -> Any:
    spelling = repr(value)
    unstable = _UNSTABLE.search(spelling) or len(spelling) > _LONGEST_DEFAULT or os.sep + "lib" in spelling
    return _Elided() if unstable else value


def signature_of(target: Any, drop_first: bool) -> str | None:
    """Parameters with their defaults, without annotations; None when they are not known or say nothing."""
    if inspect.isclass(target) and issubclass(target, (BaseException, Enum)):
        return None  # every one has the same, inherited and uninformative
    try:
        signature = inspect.signature(target)
        parameters = list(signature.parameters.values())[1 if drop_first else 0 :]
        cleaned = [
            parameter.replace(
                annotation=inspect.Parameter.empty,
                default=parameter.default
                if parameter.default is inspect.Parameter.empty
                else _default(parameter.default),
            )
            for parameter in parameters
        ]
        text = str(inspect.Signature(cleaned))
        return None if inspect.isclass(target) and text == "(*args, **kwargs)" else text
    except Exception:  # signatures run code of the module: any failure means "not known"
        return None


def _text(doc: Any) -> str | None:
    return inspect.cleandoc(doc) if isinstance(doc, str) and doc.strip() else None


def _home(target: Any, module: str, fallback: str) -> str:
    """Where an object says that it was defined: equal for every name of the same object."""
    qualified = getattr(target, "__qualname__", None)
    owner = getattr(target, "__objclass__", None)
    home = getattr(owner if owner is not None else target, "__module__", None) or module
    if not isinstance(qualified, str) or "<" in qualified or not isinstance(home, str):
        return f"{module}:{fallback}"
    return f"{home}:{qualified}"


def _member(cls: type, name: str, raw: Any, module: str) -> dict[str, Any] | None:
    inner = raw.__func__ if isinstance(raw, (staticmethod, classmethod)) else raw
    if isinstance(raw, _PROPERTIES):
        getter = getattr(raw, "fget", None) or getattr(raw, "func", None) or raw
        kind, signature = "property", None
        home = _home(getter, module, f"{cls.__qualname__}.{name}")
    elif inspect.isroutine(inner) and not isinstance(inner, types.WrapperDescriptorType):
        bound = isinstance(raw, (staticmethod, types.BuiltinFunctionType))
        kind, signature = "method", signature_of(inner, drop_first=not bound)
        if isinstance(raw, types.ClassMethodDescriptorType):
            signature = signature_of(getattr(cls, name), drop_first=False)
        home = _home(inner, module, f"{cls.__qualname__}.{name}")
    else:
        return None
    doc = _text(getattr(inner, "__doc__", None))
    return {"name": name, "kind": kind, "doc": doc, "signature": signature, "home": home}


def _class_members(cls: type, module: str) -> tuple[list[dict[str, Any]], int]:
    members, wrappers = [], 0
    for name, raw in sorted(vars(cls).items()):
        wrappers += isinstance(raw, types.WrapperDescriptorType)
        if not name.startswith("_"):
            try:
                record = _member(cls, name, raw, module)
            except Exception:
                record = None
            if record:
                members.append(record)
    return members, wrappers


def _public(target: Any) -> list[str]:
    return [name for name in dir(target) if not name.startswith("_")]


def _is_here(target: Any, module: str) -> bool:
    """In a module without `__all__`: was the object made for this module?"""
    home = getattr(target, "__module__", None)
    return module == "builtins" or home is None or home == module or (isinstance(home, str) and home.startswith("_"))


def read_module(name: str) -> dict[str, Any]:
    """Everything public in one module, with the docstrings that are its own."""
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", None)
    objects, names, wrappers = [], [], 0
    for attribute in sorted(set(_public(module)) | {str(item) for item in exported or ()}):
        target = getattr(module, attribute, None)
        if target is None or inspect.ismodule(target):
            continue
        names.append(attribute)
        if attribute.startswith("_"):  # `os._exit` is exported, and still not for everybody
            continue
        if exported is None and not _is_here(target, name):
            continue
        if exported is not None and attribute not in exported:
            continue
        home = _home(target, name, attribute)
        record: dict[str, Any] = {"name": attribute, "home": home, "members": []}
        if inspect.isclass(target) and not isinstance(target, types.GenericAlias):
            record["members"], count = _class_members(target, name)
            wrappers += count
            names.extend(f"{attribute}.{inner}" for inner in _public(target))
            own = target.__doc__ if target is type else vars(target).get("__doc__")
            record |= {"kind": "class", "doc": _text(own)}
        elif inspect.isroutine(target):
            record |= {"kind": "function", "doc": _text(target.__doc__)}
        else:
            continue
        record["signature"] = signature_of(target, drop_first=False)
        objects.append(record)
    return {
        "module": name,
        "doc": _text(module.__doc__),
        "objects": objects,
        "names": names,
        "slot_wrappers": wrappers,
    }


def main() -> None:
    """Serve module names until the parent closes the pipe."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # a module may print or ask: nobody is there
        os.dup2(nowhere, descriptor)
    warnings.simplefilter("ignore")
    sys.path.extend(sys.argv[1:])
    sys.argv = [""]
    for line in requests:
        name = json.loads(line)
        try:
            record = read_module(name)
        except BaseException as error:  # also SystemExit and KeyboardInterrupt: the module asked for it
            record = {"module": name, "error": f"{type(error).__name__}: {error}"[:200]}
        replies.write(json.dumps(record) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
