"""The gateway in front of each of Gradio's mounts: what gets through to it, and in what form."""

from review_app.web.gateway.gateway import Gateway

__all__ = ["Gateway"]
