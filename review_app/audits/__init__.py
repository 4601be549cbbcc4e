"""Audits: blind audits test the certificates in force, and an alarm trips the circuit breaker."""
