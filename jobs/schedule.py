"""What happens by the clock. Exactly one such process runs: two would ring everything twice."""

import logging

from redis import Redis
from rq.cron import CronScheduler

from jobs import sweep
from portal.config import Config
from portal.queue import CONTROL, connect

SWEEP_SECONDS = 15
SWEEP_WAITING_SECONDS = 30  # an older doorbell is of no use
FAILURE_SECONDS = 3600


def scheduler(connection: Redis) -> CronScheduler:
    """The clock with everything it rings for; start() runs until SIGTERM."""
    cron = CronScheduler(connection, logging_level=logging.WARNING)
    cron.register(
        sweep.run,
        CONTROL,
        interval=SWEEP_SECONDS,
        ttl=SWEEP_WAITING_SECONDS,
        result_ttl=0,
        failure_ttl=FAILURE_SECONDS,
    )
    return cron


if __name__ == "__main__":
    scheduler(connect(Config.from_environment())).start()  # type: ignore[no-untyped-call]
