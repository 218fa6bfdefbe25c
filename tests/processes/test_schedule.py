"""What happens by the clock."""

from pathlib import Path

import pytest
from rq import Queue

from jobs.schedule import scheduler
from portal.queue import CONTROL
from tests.processes import queue_server

pytestmark = pytest.mark.processes


def test_the_sweep_is_rung_for_every_15_seconds_and_leaves_no_results(tmp_path: Path) -> None:
    with queue_server(tmp_path / "data") as (_, client):
        clock = scheduler(client)
        [sweep] = clock.get_jobs()
        assert sweep.interval == 15
        clock.enqueue_jobs()
        [job] = Queue(CONTROL, connection=client).jobs
        assert job.func_name == "jobs.sweep.run"
        assert (job.ttl, job.result_ttl, job.failure_ttl) == (30, 0, 3600)
