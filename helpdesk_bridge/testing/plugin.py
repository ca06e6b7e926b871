"""A pytest plugin for authors of adapters: ``pytest_plugins = ["helpdesk_bridge.testing.plugin"]``.

It makes failures of the conformance suite readable. It is asked for by name because an entry
point would cost every pytest run of every user the imports.
"""

import pytest

pytest.register_assert_rewrite("helpdesk_bridge.testing.conformance")
