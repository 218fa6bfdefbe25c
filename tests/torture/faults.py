"""What befalls a portal in mid-campaign. Each plays on a stage until it has done so often enough
or the campaign is finished."""

import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.torture.grounds import set_clock
from tests.torture.portal import send_signal
from tests.torture.stage import Stage, wait

LOCKED_SECONDS = 20.0
FULL_SECONDS = 20.0
ASLEEP_SECONDS = 36.0  # past the lease of 30 s
HOUR = 3600
BLOCK = bytes(65536)

Play = Callable[[Stage], None]
Strike = Callable[[Stage], bool]  # whether it hit anything


def nothing(stage: Stage) -> None:
    """For what the mail server does by itself."""


def again_and_again(*strikes: Strike) -> Play:
    """One of them at a time, at random moments."""

    def play(stage: Stage) -> None:
        while stage.faults < stage.wanted and not stage.is_finished():
            stage.until_next()
            strike = stage.chance.choice(strikes)
            if strike(stage):
                stage.faults += 1
                stage.losses += strike not in HARMLESS

    return play


def _some(stage: Stage, pids: list[int]) -> list[int]:
    return stage.chance.sample(pids, stage.chance.randint(1, len(pids))) if pids else []


def kill_worker(stage: Stage) -> bool:
    """Its work-horse dies with it."""
    return send_signal(signal.SIGKILL, _some(stage, stage.portal.victims().worker))


def kill_work_horse(stage: Stage) -> bool:
    """One of them; the others go on."""
    horses = stage.portal.victims().work_horse
    return send_signal(signal.SIGKILL, stage.chance.sample(horses, min(1, len(horses))))


def kill_both(stage: Stage) -> bool:
    found = stage.portal.victims()
    return send_signal(signal.SIGKILL, found.worker + found.work_horse)


def kill_supervisor(stage: Stage) -> bool:
    """Everything dies with it; it is started again at once."""
    stage.portal.kill()
    stage.portal.start()
    return True


def kill_queue(stage: Stage) -> bool:
    return send_signal(signal.SIGKILL, stage.portal.victims().queue)


def lose_queue(stage: Stage) -> bool:
    """The queue server finds nothing of what it had kept."""
    shutil.rmtree(stage.ground.data_dir / "queue", ignore_errors=True)
    return kill_queue(stage)


def stop_and_start(stage: Stage) -> bool:
    """As a person does; the mail in hand is waited for."""
    stage.portal.wait_until_up()
    status = stage.portal.stop()
    assert status == 0, f"the portal ended with status {status}\n{stage.portal.output()}"
    stage.portal.start()
    return True


def suspend_sender(stage: Stage) -> bool:
    """It sleeps until another has taken over its mails and sends them, and wakes up then."""
    senders = _senders(stage)
    sleeper = stage.chance.sample(senders, min(1, len(senders)))
    if not send_signal(signal.SIGSTOP, sleeper):
        return False
    wait(lambda: False, ASLEEP_SECONDS)
    stage.wait_for_mails(5, 30)
    return send_signal(signal.SIGCONT, sleeper)


def _senders(stage: Stage) -> list[int]:
    """The work-horses with a connection to the mail server."""
    sockets = _sockets_to(stage.mail_port)
    return [pid for pid in stage.portal.victims().work_horse if _files_of(pid) & sockets]


def _sockets_to(port: int) -> set[str]:
    """The open sockets to a port of this machine, named as in /proc/PID/fd; see proc(5)."""
    entries = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {f"socket:[{entry[9]}]" for entry in entries if entry[2].endswith(f":{port:04X}")}


def _files_of(pid: int) -> set[str]:
    files: set[str] = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                files.add(str(file.readlink()))
    return files


def lock_database(stage: Stage) -> bool:
    stage.database.lock(LOCKED_SECONDS)
    return True


def fill_disk(stage: Stage) -> bool:
    """Nothing more can be written in DATA_DIR for a while."""
    filler = stage.ground.data_dir / "filler"
    try:
        wait(lambda: _grow(filler), FULL_SECONDS)
    finally:
        filler.unlink()
    return True


def _grow(filler: Path) -> bool:
    """Take what space there is, also what was freed meanwhile."""
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while file.write(BLOCK):
            pass
    return False


def jump_clock(stage: Stage) -> bool:
    """An hour forward, and back the next time."""
    directory = stage.ground.data_dir.parent
    set_clock(directory, HOUR if stage.faults % 2 == 0 else 0)
    return True


HARMLESS: tuple[Strike, ...] = (kill_queue, lose_queue, stop_and_start, jump_clock)
KILLS: tuple[Strike, ...] = (kill_worker, kill_work_horse, kill_both, kill_supervisor, kill_queue)
