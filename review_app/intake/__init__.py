"""Intake: files become safe, deduplicated images that wait to be scored."""
