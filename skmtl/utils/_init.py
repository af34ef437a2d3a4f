"""Constructors of estimators that have the parameters of another one and some of their own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Sequence

_Parameter = inspect.Parameter


def extended_init(
    base: type, own: dict, *, without: Container[str] = (), needed: Sequence[str] = ()
) -> Callable:
    """An ``__init__`` with the parameters of ``base``, but for some, and ``own`` (name -> default).

    First come those that are ``needed``, which have no default.
    It stores its arguments and does nothing else. scikit-learn and ``help`` read the parameters from its
    signature; what may be given by position in ``base`` may be so here.
    """
    inherited = inspect.signature(base.__init__).parameters.values()
    added = [_Parameter(name, _Parameter.KEYWORD_ONLY, default=default) for name, default in own.items()]
    kept = [p for p in inherited if p.name not in without and p.name not in own]
    by_place = [p for p in kept if p.kind is not _Parameter.KEYWORD_ONLY]
    by_name = [p for p in kept if p.kind is _Parameter.KEYWORD_ONLY]
    first = [_Parameter(name, _Parameter.POSITIONAL_OR_KEYWORD) for name in needed]
    signature = inspect.Signature([by_place[0], *first, *by_place[1:], *added, *by_name])

    def __init__(self, *arguments, **parameters):
        bound = signature.bind(self, *arguments, **parameters)
        bound.apply_defaults()
        vars(self).update({name: value for name, value in bound.arguments.items() if name != "self"})

    __init__.__signature__ = signature
    return __init__
