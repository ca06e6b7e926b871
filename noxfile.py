"""What a contributor runs. ``nox -l`` is the table of contents."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "imports", "tests"]

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests on each supported Python: nox -s tests-3.11 -- tests/desk."""
    session.install("-e", ".[dev]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check format and style (ruff)."""
    session.install("ruff>=0.17.6,<0.18")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types: mypy --strict on everything, pyright on the public API."""
    session.install("-e", ".[dev]")
    session.run("mypy")
    session.run("pyright")


@nox.session
def imports(session: nox.Session) -> None:
    """Check who may import whom (import-linter)."""
    session.install("-e", ".", "import-linter>=2.16")
    session.run("lint-imports")


@nox.session
def faults(session: nox.Session) -> None:
    """Run the fault tests in full, where the ordinary run takes a sample."""
    session.install("-e", ".[dev]")
    folders = ("tests/memory", "tests/delivery", "tests/byte_cuts", "tests/sync")
    session.run("pytest", *folders, env={"HELPDESK_BRIDGE_ALL_FAULTS": "1"})


@nox.session
def mutation(session: nox.Session) -> None:
    """Break what decides over repetitions, line by line, and see that a test notices (mutmut)."""
    session.install("-e", ".[dev]", "mutmut>=3.8.1,<4")
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")


REQUEST_TRACKER = ["request-tracker5", "rt5-standalone", "rt5-db-sqlite"]
"""Packages of Debian 12."""
POSTGRESQL = ["postgresql"]
"""A package of any Debian, which has its programs under /usr/lib/postgresql."""
ON_POSTGRESQL = ["tests/delivery/test_ledger_contract.py", "tests/delivery/test_sql_ledger.py"]


@nox.session
def live(session: nox.Session) -> None:
    """Run the tests on real servers, installed here first; without them they are skipped."""
    session.install("-e", ".[dev]")
    wanted = []
    if not shutil.which("rt-setup-database-5", path=f"{os.environ['PATH']}:/usr/sbin"):
        wanted += REQUEST_TRACKER
    if not shutil.which("postgres") and not any(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        wanted += POSTGRESQL
    if wanted and os.getuid() == 0 and shutil.which("apt-get"):
        apt = {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["update", "-qq"],
            ["install", "-qq", "--no-install-recommends", *wanted],
        ):
            session.run(
                *("apt-get", *command),
                env=apt,
                external=True,
                success_codes=range(256),
            )
    kept = {"HELPDESK_BRIDGE_ROUNDUP": str(session.cache_dir / "roundup")}
    several = ("-n", "2")  # each process starts its own servers
    which = session.posargs or ["tests/live", *ON_POSTGRESQL]
    session.run("pytest", "-rs", *several, *which, env=kept)
    if not session.posargs:  # an adapter as others would write it, on the helpdesk it is for
        session.install("-e", "examples/adapter-django-helpdesk")
        with session.chdir("examples/adapter-django-helpdesk"):
            session.run("python", "-m", "pytest", "-rs")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz what reads other people's bytes, a minute each: nox -s fuzz -- decoder."""
    session.install("-e", ".[dev]", "atheris>=3")
    every = "from tests.fuzz.targets import TARGETS; print(*TARGETS)"
    listed = str(session.run("python", "-c", every, silent=True))
    for target in session.posargs or listed.split():
        session.run("python", "-m", "tests.fuzz.run", target, "-max_total_time=60")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure reading, sending and memory beside other clients; writes docs/benchmarks (Linux)."""
    session.install("-e", ".[bench]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Tell the demo's story on every adapter."""
    session.install("-e", ".[cli]")
    session.run("helpdesk-bridge", "demo")
