"""Background jobs: asked for, done one at a time in a process of their own, never lost."""
