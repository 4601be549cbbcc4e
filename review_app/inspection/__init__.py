"""Inspect: every head reads one image of somebody's own, and some people must not get a reading.

What takes long for an image is done by a process of its own, the `worker`."""
