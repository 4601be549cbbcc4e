"""Training, evaluation, protocols and reports: what the server never loads."""
