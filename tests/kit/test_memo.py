"""What many records have in common is made once."""

from __future__ import annotations

from helpdesk_bridge.kit.memo import Memo


def test_a_value_is_made_once_for_each_key() -> None:
    asked: list[str] = []

    def make(key: str) -> list[str]:
        asked.append(key)
        return [key]

    memo = Memo(make)
    assert memo["a"] is memo["a"]
    assert (memo["b"], asked) == (["b"], ["a", "b"])
