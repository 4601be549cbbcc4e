"""People: accounts, sessions and signing in."""

from review_app.people.accounts import Account, normal
from review_app.people.credentials import MAX_PASSWORD, MIN_PASSWORD
from review_app.people.lookalikes import confusable_pairs
from review_app.people.sessions import JUST_NOW, SEEN_EVERY, Browser, OwnSession, SessionBook
from review_app.people.signing_in import People

__all__ = [
    "JUST_NOW",
    "MAX_PASSWORD",
    "MIN_PASSWORD",
    "SEEN_EVERY",
    "Account",
    "Browser",
    "OwnSession",
    "People",
    "SessionBook",
    "confusable_pairs",
    "normal",
]
