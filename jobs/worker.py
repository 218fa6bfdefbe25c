"""A worker: takes jobs from its queues and does each in a forked work-horse."""

import argparse
import gc
import logging
import os
import signal
from contextlib import suppress
from types import FrameType
from typing import cast

from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job

# The jobs are imported once here, not anew in each work-horse.
from jobs import (  # noqa: F401
    campaigns,
    contact_import,
    deliver,
    mail_check,
    sent_folder,
    stopping,
    sweep,
)
from jobs.processes import die_with
from portal.app import create_app
from portal.extensions import db
from portal.mail.formatting import format_text
from portal.queue import QUEUES, connection


class PortalWorker(Worker):
    """RQ's worker, with work-horses that share no database connection, learn that they shall
    stop, and never outlive their worker."""

    _horse_told = False

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        db.engine.dispose()
        self._horse_told = False
        super().fork_work_horse(job, queue)
        if stopping.requested():  # asked between the fork and the note of the horse's id
            self._tell_horse()

    def setup_work_horse_signals(self) -> None:
        """The first thing that a work-horse does."""
        die_with(cast(int, self.pid))
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]

    def handle_warm_shutdown_request(self) -> None:
        stopping.request()
        self._tell_horse()

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """A queue server that is away for a while must not end the mail in hand."""
        with suppress(RedisError):
            super().maintain_heartbeats(job, execution)

    def _tell_horse(self) -> None:
        if self.horse_pid and not self._horse_told:
            self._horse_told = True
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.horse_pid, signal.SIGUSR1)


def _note_stop(_signal: int, _frame: FrameType | None) -> None:
    stopping.request()


def work(queues: list[str]) -> None:
    """Work until SIGTERM or SIGINT, then finish the job in hand. The short intervals have a job
    whose worker was killed noticed within minutes."""
    # Ahead of every fork, so that no work-horse is without it: SIGUSR1 by default kills.
    signal.signal(signal.SIGUSR1, _note_stop)
    with create_app().app_context():
        # What each work-horse would need, once: the patterns for links take a third of a second.
        format_text("https://example.com/ hola@example.com")
        # What is there by now is there for good. A collector that went through it in each
        # work-horse would copy all those pages, which they share with this process.
        gc.freeze()
        PortalWorker(
            queues,
            connection=connection(),
            worker_ttl=30,
            job_monitoring_interval=5,
            maintenance_interval=10,
        ).work(logging_level="WARNING")


def main() -> None:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queues", default=",".join(QUEUES), help="most urgent first")
    work(parser.parse_args().queues.split(","))


if __name__ == "__main__":
    main()
