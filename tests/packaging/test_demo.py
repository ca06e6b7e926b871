"""The demo runs as a user runs it, and notices when something goes wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpdesk_bridge_helpspace.fake import HelpSpaceFake

from helpdesk_bridge.cli.app import app
from helpdesk_bridge.config import registry


def test_the_demo_tells_its_story_on_every_adapter_with_a_fake(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "helpdesk_bridge.cli", "demo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = [name for name in registry.available() if registry.load(name).fake]
    assert [name for name in told if f"{name}: " in done.stdout] == told
    assert "failed" not in done.stdout


class LeakyFake(HelpSpaceFake):
    """A vendor that mails notes."""

    async def create_message(self, request):
        answer = await super().create_message(request)
        ticket = self._stored(request)
        last = ticket.messages[-1]
        self.store.add_message(
            ticket.id,
            type=last.type,
            audience=last.audience,
            author=last.author,
            html=last.html,
            to=[ticket.requester],
            mail=True,
        )
        return answer


def test_the_demo_fails_when_a_note_is_mailed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("helpdesk_bridge_helpspace.fake.HelpSpaceFake", LeakyFake)
    with pytest.raises(SystemExit) as exit_:
        app(["demo"])
    assert exit_.value.code == 1
    assert "a note was mailed" in " ".join(capsys.readouterr().out.split())
