"""Where the wizard leads: from what is the matter, and from a check that has ended."""

from portal.troubleshooting.entries import entry_for, kind_of
from portal.troubleshooting.paths import Place, Step, load, step_at
from portal.troubleshooting.walks import Now, stands_at, trail_of

CONFIGURED = Place("done", "configured")


def where_to(now: Now) -> Place | None:
    """Where to go on: where the way stands, or where the check that was pressed there led; for
    something else that is the matter by now, the step for that. None when nothing is, and nothing
    was begun."""
    stands = step_at(Place(now.walk.path, now.walk.step), "en") if now.walk else None
    if stands and is_checked(now):
        return outcome(stands, now)
    if stands and (now.trouble is None or is_same(now)):
        return stands.place
    found = entry_for(now.trouble.cause, now.saved) if now.trouble else None
    return None if found and is_too_early(found, now) else found


def is_too_early(place: Place, now: Now) -> bool:
    """What a working mailbox is told is not told before it works."""
    return load("en")[place.path].after_success and not now.works


def is_same(now: Now) -> bool:
    """Whether the same is the matter as when the way came to where it stands."""
    provider = now.saved.provider if now.saved else None
    if not now.walk or not now.trouble:
        return False
    return (now.walk.cause, now.walk.provider) == (now.trouble.cause, provider)


def is_checked(now: Now) -> bool:
    """Whether a check has found something since it was pressed where the way stands."""
    trail, walk = trail_of(now.walk), now.walk
    if not walk or not trail or not now.trouble or now.in_sending or not now.met_at:
        return False
    return stands_at(walk, trail[-1].place) and now.met_at > walk.moved_at


def led_on(step: Step, now: Now) -> Place:
    """Where a check that has ended leads somebody who looks at it from the step. Who has not
    pressed it there stays, unless all is well."""
    if now.trouble is None:
        sent = step.does.test and now.check is not None and bool(now.check.test_recipient)
        return step.following if sent and step.following else CONFIGURED
    is_pressed_here = is_checked(now) and stands_at(now.walk, step.place)
    if load("en")[step.place.path].after_success or is_pressed_here:
        return outcome(step, now)
    return step.place


def outcome(step: Step, now: Now) -> Place:
    """Where a check that has failed leads from the step. The same trouble as before stays there."""
    if now.trouble is None:
        return step.place
    for found in (now.trouble.cause, kind_of(now.trouble.cause)):
        if told := step.does.outcomes.get(found):
            return Place.of(told, step.place.path)
    return step.place if is_same(now) else entry_for(now.trouble.cause, now.saved)
