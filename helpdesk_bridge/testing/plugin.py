"""A pytest plugin for authors of adapters: ``pytest_plugins = ["helpdesk_bridge.testing.plugin"]``.

It makes failures of the conformance suite readable. It has no entry point, because that would
cost every pytest run of every user the imports.
"""

import pytest

pytest.register_assert_rewrite("helpdesk_bridge.testing.conformance")
