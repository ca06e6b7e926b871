"""What stands beside an empty list, and whether the list proves anything then."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_bridge.transport.empty_lists import proving, says_no_beside_nothing
from helpdesk_bridge.transport.refusal import says_no

REFUSED: list[dict[str, Any]] = [
    {"loginRequired": True},
    {"login_required": 1},
    {"sessionExpired": True},
    {"session": "expired"},
    {"notice": "Session expired"},
    {"notices": ["Session expired"]},
    {"meta": {"total": 0, "notice": "Session expired"}},
    {"title": "Access denied"},
    {"title": "Login required"},
    {"description": "Your session has expired."},
    {"warning": "Rate limit exceeded"},
    {"warnings": ["Access denied"]},
    {"message": "No tickets match the status because access was denied"},
    {"message": "No tickets in this search as your session has expired"},
    *(
        {"message": text}
        for text in (
            "Access denied",
            "Forbidden",
            "You do not have permission",
            "Service unavailable",
            "Rate limit exceeded",
            "No permission to list tickets",
            "No tickets found: access denied",
        )
    ),
    {"status": "rate_limited"},
    {"status": "timeout"},
    {"timed_out": True},
    {"access_denied": True},
    {"allowed": False},
    {"searchFailed": True},
    {"meta": {"error_count": 2, "took": 3}},
    {"message": "Access denied: see https://desk.example/help"},
    {"notice": "Access denied. It may be restored."},
    {"message": "Could not retrieve tickets, try again later"},
    {"message": "You do not have any permission"},
]
"""Members that deny what stands beside them."""
DOUBTED: list[dict[str, Any]] = [
    {"access": False},
    {"login_url": "/login"},
    {"redirectUrl": "https://desk.example/users/sign_in"},
    {"message": "Nightly maintenance"},
    {"message": "No session found"},
    {"message": "No tickets found. Ask your admin."},
    {"degraded": True},
    {"status": "degraded"},
    {"code": 40301},
    {"state": {"mode": "read-only"}},
    {"message": "No tickets found, check your permissions for this search"},
    {"meta": {"rate_limit_remaining": 58}},
    {"timeout": 30},
    {"meta": {"session_timeout": 1800}},
    {"meta": {"permission": 2, "expired": 3}},
    {"meta": {"permission_level": "admin"}},
    {"meta": {"login": "ada@desk.example"}},
    {"statuses": ["open", "rejected"]},
    {"status_filter": "failed"},
    {"applied_filters": {"status": "rejected"}},
    {"query_description": "subject contains 'permission denied'"},
    {"include_failed": True},
    {"notice": "Scheduled maintenance on Sunday: the API may be unavailable for 5 minutes."},
    {"message": "OK", "deprecation": "page-size is invalid from v2 on"},
    {"title": "Rejected tickets"},
    {"description": "Tickets whose delivery failed"},
    {"warning": "You have used 95% of your rate limit"},
    {"warnings": ["Deprecated: use /v2; unauthorized use is prohibited"]},
]
"""Members that deny nothing in so many words, and are not known as harmless."""
HARMLESS: list[dict[str, Any]] = [
    {},
    {"success": True, "status": "ok", "code": 0, "total": 0, "page": 1, "next": None},
    {"meta": {"current_page": 1, "from": None, "path": "https://desk.example/tickets", "total": 0}},
    {"links": [{"label": "Next &raquo;", "url": None, "active": True}]},
    {"meta": {"links": [{"label": "Next &raquo;", "url": None, "active": True}]}},
    {"type": "collection", "itemTotal": "0", "itemStart": "0", "object": "list"},
    {"has_more": False, "hasNextPage": False, "is_last_page": True, "truncated": False},
    {"nextCursor": "", "endCursor": "abc", "request_id": "req_9", "time": "2026-01-02T03:04:05Z"},
    {"sort_by": "created_at", "version": "v2", "took": 3, "empty": True},
    {"q": "Session expired", "search": {"text": "session"}},
    {"message": "No messages"},
    {"message": "No tickets found for 'login required'."},
    {"message": "No tickets match 'session expired'."},
    {"message": "Nothing found for: session expired"},
    {"message": "Nothing found for: token expired"},
    {"message": "OK"},
    {"message": "We couldn't find any tickets matching your search."},
    {"message": "We couldn\u2019t find any tickets."},
    {"message": "You do not have any tickets yet."},
    {"message": "Could not find any results."},
    {"message": "No more tickets could be found."},
    {"message": "No results. Try other filters, or check that the spelling is not invalid."},
    {"redirect": "/auth/tickets", "redirectUri": "myapp://auth/callback"},
    {"message": "No tickets match the status failed"},
    {"message": "There are no tickets with the status rejected."},
    {"message": "Nothing matches the filter status:expired"},
    {"message": "None of the tickets match the tag access denied"},
    {"message": "No failed tickets found"},
]
ASKED = ["Session expired", "login required"]


def judged(beside: dict[str, Any], key: str = "messages") -> Any:
    data = {key: [], **beside}
    return says_no(data, (), ASKED) or says_no_beside_nothing(data, ASKED)


@pytest.mark.parametrize("beside", REFUSED, ids=repr)
def test_an_empty_list_beside_a_denial_is_refused(beside: dict[str, Any]) -> None:
    data = {"messages": [], **beside}
    found = says_no(data) or says_no_beside_nothing(data)
    assert found is not None
    assert not found.doubt
    assert says_no({"messages": [{"id": 1, "text": "x"}], **beside}) is None


@pytest.mark.parametrize("beside", [{"loginRequired": True}, {"session": "expired"}], ids=repr)
def test_a_denial_about_signing_in_is_one_of_credentials(beside: dict[str, Any]) -> None:
    found = says_no_beside_nothing({"data": [], **beside})
    assert found is not None
    assert found.login


@pytest.mark.parametrize("beside", DOUBTED[:1] + DOUBTED[3:], ids=repr)
def test_what_is_not_known_as_harmless_is_in_doubt_for_a_proof_only(beside: dict[str, Any]) -> None:
    assert judged(beside) is None
    with proving():
        found = judged(beside)
        assert found is not None
        assert found.doubt
        assert judged({**beside, "items": [{"id": 1, "text": "x"}]}) is None
    assert judged(beside) is None


def test_an_address_of_signing_in_proves_nothing() -> None:
    with proving():
        for beside in DOUBTED[1:3]:
            assert judged(beside) is not None


@pytest.mark.parametrize("beside", HARMLESS, ids=repr)
@pytest.mark.parametrize("wrapper", ["", "data"])
def test_what_is_harmless_beside_an_empty_list_is_a_proof(
    beside: dict[str, Any], wrapper: str
) -> None:
    data: dict[str, Any] = {"tickets": [], **beside}
    if wrapper:
        data = {wrapper: data, "success": True}
    assert says_no(data, (), ASKED) is None
    with proving():
        assert says_no_beside_nothing(data, ASKED) is None


def test_what_a_record_says_of_itself_is_no_denial() -> None:
    record = {"id": 5, "subject": "Session expired", "tags": [], "sessionExpired": True}
    with proving():
        assert says_no_beside_nothing({"data": record}) is None
        assert says_no_beside_nothing({"type": "item", "item": record}) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=40), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_whatever_stands_beside_an_empty_list_is_judged(data: Any) -> None:
    with proving():
        says_no_beside_nothing({"items": [], "more": data, "message": data})
        says_no_beside_nothing(data)
