"""The benchmarks run, and say what they measured."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was written of one round of two figures that need no other program."""
    directory = tmp_path_factory.mktemp("results")
    subprocess.run(
        [sys.executable, "-m", "bench", "rendering", "distance", "--results", str(directory)],
        cwd=ROOT,
        env={**os.environ, "BENCH_ROUNDS": "1", "BENCH_MAILS": "200"},
        check=True,
        timeout=170,
    )
    (written,) = directory.glob("*.json")
    read: dict[str, Any] = json.loads(written.read_text())
    return read


def test_a_result_tells_the_machine_and_the_versions(document: dict[str, Any]) -> None:
    assert document["machine"]["cores"] > 0
    assert document["versions"]["SQLite"]
    assert document["mails"] == 200


def test_every_round_is_kept_beside_the_median_ratio(document: dict[str, Any]) -> None:
    for figure in document["figures"].values():
        (only,) = figure["rounds"]
        assert only["score"] == pytest.approx(only["ours"] / only["reference"])
        assert figure["median"]["score"] == only["score"]
        assert figure["reached"] in {"aim", "least", "no"}


def test_a_mail_to_a_distant_server_takes_two_round_trips(document: dict[str, Any]) -> None:
    alone = document["figures"]["distance-smtplib"]["rounds"][0]
    assert alone["detail"]["mails"] == 8
    assert 0 < alone["ours"] < 10  # 50 ms each
    assert document["figures"]["distance-sessions"]["rounds"][0]["reference"] == alone["ours"]
