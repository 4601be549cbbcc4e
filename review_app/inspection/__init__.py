"""Inspect: one image of somebody's own, read by every head, and who must not get a reading.

What takes long for an image is done by a process of its own, the `worker`."""
