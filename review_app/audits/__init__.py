"""What blind audits say of the certificates in force, and the circuit breaker that they trip."""
