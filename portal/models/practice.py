from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Model


class Practice(Model):
    """The one practice that this portal serves: a single row, made by set-up.

    `address_key` is the key of the suppression list's hashes, sealed by the vault. It is no
    encryption key, because hashes can't be made anew when those rotate."""

    __tablename__ = "practice"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2))
    time_zone: Mapped[str] = mapped_column(String(60))
    base_url: Mapped[str] = mapped_column(String(255))
    address_key: Mapped[str] = mapped_column(Text)
    address_key_id: Mapped[str] = mapped_column(String(12))
