"""Triage: a run applies the policy in force to the queue."""
