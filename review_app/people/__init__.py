"""People: accounts, sessions, signing in, and the tokens of programs."""

from review_app.people.accounts import Account, normal
from review_app.people.admission import Admission, DeskPeople, DeskTokenBook
from review_app.people.credentials import MAX_PASSWORD, MIN_PASSWORD
from review_app.people.desks import HOME, MAX_TITLE, DeskBook, DeskView
from review_app.people.lookalikes import confusable_pairs
from review_app.people.mirroring import mirror_members
from review_app.people.sessions import JUST_NOW, SEEN_EVERY, Browser, OwnSession, SessionBook
from review_app.people.signing_in import People
from review_app.people.tokens import MAX_DAYS, NewToken, TokenBook, TokenState, TokenView

__all__ = [
    "HOME",
    "JUST_NOW",
    "MAX_DAYS",
    "MAX_PASSWORD",
    "MAX_TITLE",
    "MIN_PASSWORD",
    "SEEN_EVERY",
    "Account",
    "Admission",
    "Browser",
    "DeskBook",
    "DeskPeople",
    "DeskTokenBook",
    "DeskView",
    "NewToken",
    "OwnSession",
    "People",
    "SessionBook",
    "TokenBook",
    "TokenState",
    "TokenView",
    "confusable_pairs",
    "mirror_members",
    "normal",
]
