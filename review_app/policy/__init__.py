"""The policy: what admins have set, which labels may prove it right, and where it sends an
image."""
