"""Core: errors, settings, permissions, hashes and options, which every part may use and which use
none of them."""
