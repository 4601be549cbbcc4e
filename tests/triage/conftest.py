"""Property tests here check logic, not speed: no deadline that a busy machine could miss."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
