"""Ways to copy an error, and what an error knows."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

from helpdesk_bridge.errors import HelpdeskError

COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "oldest pickle": lambda error: pickle.loads(pickle.dumps(error, 0)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def known(error: Any) -> Any:
    if isinstance(error, HelpdeskError):
        return type(error), str(error), error.args, {k: known(v) for k, v in vars(error).items()}
    return error
