"""The review page: its frame, and the routes that its script asks."""
