"""Takes in a confirmed contact file."""

from portal.contacts import imports


def run(import_id: int) -> None:
    """Read the rows of the file that have not been read yet."""
    imports.run(import_id)
