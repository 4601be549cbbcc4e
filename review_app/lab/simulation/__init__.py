"""Replays of labelled score files: cold start, certificate, audits, drift; all of it pure."""
