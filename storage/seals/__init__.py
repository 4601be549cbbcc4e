"""Seals: hashes of rows that are evidence, kept in the audit log, which is chained under a key.

Whoever writes to the database file but has no key can neither forge an event nor change, add or
remove a sealed row without contradicting one. `sealing` collects what a transaction writes, `check`
compares all that is there with all that was sealed.
"""
