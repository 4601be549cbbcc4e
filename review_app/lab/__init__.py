"""The lab: training, evaluation, protocols and reports, which the server never loads."""
