"""The web application: FastAPI with own sign-in, and two Gradio mounts.

Gradio reads its environment when it is imported, so what it must not do is settled here, before
any module of this package imports it.
"""

from __future__ import annotations

import os

# Without this the server looks up two hosts on the internet at the start.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_MCP_SERVER"] = "False"
os.environ["GRADIO_SSR_MODE"] = "False"
