"""A client of the API for programs: typed, synchronous or not.

>>> from review_app.client import ApiClient
>>> with ApiClient("https://review.example.org", token="dfr_...") as client:  # doctest: +SKIP
...     added = client.add([Path("lake.jpg")])
...     standing = client.wait(added[0].item_id)
"""

from review_app.client.asynchronous import AsyncApiClient
from review_app.client.calls import Added, ApiProblem, GivenFile, ImageDecision, Page, WebhookView
from review_app.client.synchronous import ApiClient
from review_app.client.webhooks import SignatureError, verify_signature

__all__ = [
    "Added",
    "ApiClient",
    "ApiProblem",
    "AsyncApiClient",
    "GivenFile",
    "ImageDecision",
    "Page",
    "SignatureError",
    "WebhookView",
    "verify_signature",
]
