"""Run an example of the documentation as somebody does who has pasted it into a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["run_pasted"]


def run_pasted(example: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder of its own, with warnings as errors, and return what came of it."""
    program = folder / "example.py"
    program.write_text(example, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
