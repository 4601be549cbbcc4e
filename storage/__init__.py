"""Tables, repositories and transactions. Knows nothing of the application above it."""
