"""Whether this process has been asked to stop. A work-horse learns it by SIGUSR1; a sending loop
asks between two mails."""

_requested = False


def requested() -> bool:
    """True from the moment on at which the worker was told to stop."""
    return _requested


def request() -> None:
    """Ask this process, and every work-horse it forks from now on, to end soon."""
    global _requested
    _requested = True
