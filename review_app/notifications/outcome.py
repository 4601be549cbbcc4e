"""What came of a try to deliver something."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SendOutcome:
    """What came of one try. ``error`` is for admins: of an address it tells the host at most."""

    error: str | None = None
    """Why it was not taken, in English; None where it was."""
    status: int | None = None
    """What the receiver answered; None where it did not."""
    retry_after: float | None = None
    """Seconds that the receiver asks to be left alone."""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it now."""
        return self.error is None
