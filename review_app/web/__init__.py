"""The web application: FastAPI with own sign-in, and two Gradio mounts.

Gradio reads its environment when it is imported, so what it must not do is settled here, before
any module of this package imports it.
"""

from __future__ import annotations

import os

from review_app.web.lean_gradio import write_no_stubs

# Without this the server looks up two hosts on the internet at the start.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# Every so many events the queue makes a table of all events so far; nobody reads it.
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"
os.environ["GRADIO_MCP_SERVER"] = "False"
os.environ["GRADIO_SSR_MODE"] = "False"
write_no_stubs()
