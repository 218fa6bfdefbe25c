"""The doorbell: the only producer of jobs. What has to be done stands in the database; a job
only says that something does, so a lost one is rung again by the sweep."""

import logging
import secrets
from typing import cast

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

from portal.config import Config

CONTROL = "control"
TRANSACTIONAL = "transactional"
BULK = "bulk"
QUEUES = (CONTROL, TRANSACTIONAL, BULK)

# Above the ten minutes for which RFC 5321 wants the reply to a whole mail awaited.
JOB_SECONDS = 900
# A doorbell that nobody answered is worth nothing: the sweep rings again every 15 seconds.
WAITING_SECONDS = 60
FAILURE_SECONDS = 24 * 3600
ANSWER_SECONDS = 2.0  # while a person waits for the page

log = logging.getLogger(__name__)


def connect(config: Config) -> Redis:
    """A client of the queue server that waits for jobs, and while the server starts anew."""
    return Redis.from_url(config.redis_url, socket_connect_timeout=ANSWER_SECONDS)


def _impatient(config: Config) -> Redis:
    """A client for ringing: the sweep makes up for what it gives up soon."""
    return Redis.from_url(
        config.redis_url,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),  # for a connection that broke since it was last used
    )


def init_app(app: Flask, config: Config) -> None:
    app.extensions["queue"] = connect(config)
    app.extensions["doorbell"] = _impatient(config)


def connection() -> Redis:
    """The application's client of the queue server, for its workers."""
    return cast(Redis, current_app.extensions["queue"])


def enqueue(function: str, *ids: int, queue: str) -> bool:
    """Ring for jobs.<module>.<function> with the ids of rows; call it after the commit.

    Returns False when the queue server can't be reached or takes nothing: the sweep will ring."""
    words = function.removeprefix("jobs.").replace(".", "-")
    name = "-".join([words, *map(str, ids), secrets.token_hex(4)])
    try:
        Queue(queue, connection=current_app.extensions["doorbell"]).enqueue(
            function,
            args=ids,
            job_id=name,
            job_timeout=JOB_SECONDS,
            ttl=WAITING_SECONDS,
            result_ttl=0,
            failure_ttl=FAILURE_SECONDS,
        )
    except RedisError as error:
        log.warning("The queue server takes no job (%s); %s waits for the sweep.", error, name)
        return False
    return True
