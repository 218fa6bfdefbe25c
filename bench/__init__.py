"""The benchmarks: how fast the portal sends, beside what else could do it on the same machine.

docs/benchmarks.md says what is measured, how, and against what."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = Path(__file__).parent / ".cache"  # what is downloaded once; not in the repository
