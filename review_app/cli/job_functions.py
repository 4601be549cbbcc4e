"""Which function does the jobs of which kind.

A kind takes one function here, a thin one: it imports what it needs when it is called, and calls
what the command of the same name calls.
"""

from __future__ import annotations

from review_app.jobs.work import JobFunctions

JOB_FUNCTIONS: JobFunctions = {}
