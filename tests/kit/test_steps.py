"""What fails after an earlier step was done says so, and what exists now."""

from __future__ import annotations

import pytest

from helpdesk_bridge.errors import NotFound, PartlyDone
from helpdesk_bridge.kit.steps import partly_done


def test_a_later_step_that_fails_is_partly_done() -> None:
    with (
        pytest.raises(PartlyDone) as caught,
        partly_done("ticket 7 was created, and could not be read", ticket_id="7", message_id="8"),
    ):
        raise NotFound("gone.")
    error = caught.value
    assert str(error.message) == "ticket 7 was created, and could not be read (gone)."
    assert (type(error.failure), error.ticket_id, error.message_id) == (NotFound, "7", "8")
    assert error.__cause__ is error.failure


def test_what_succeeds_is_left_alone_and_so_is_a_mistake_of_ours() -> None:
    with partly_done("done"):
        pass
    with pytest.raises(ZeroDivisionError), partly_done("done"):
        raise ZeroDivisionError
