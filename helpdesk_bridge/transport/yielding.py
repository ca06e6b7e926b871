"""Requests that let others go first: those of the change feed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["YIELDS", "urgently", "yielding"]

YIELDS: ContextVar[bool] = ContextVar("helpdesk_bridge_yields", default=False)
"""Whether what is requested in this context lets the desk's other calls go first."""


@contextmanager
def yielding() -> Iterator[None]:
    """Have the requests of the body let the desk's other calls go first.

    Never over a ``yield`` of an async generator: its caller would run in it.
    """
    token = YIELDS.set(True)
    try:
        yield
    finally:
        YIELDS.reset(token)


@contextmanager
def urgently() -> Iterator[None]:
    """Have the requests of the body, which may be within one that yields, not yield.

    For what is fetched once for all who ask for it, such as a session or a list of agents: some who
    wait for it may not yield.
    """
    token = YIELDS.set(False)
    try:
        yield
    finally:
        YIELDS.reset(token)
