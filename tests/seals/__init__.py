"""Seals of evidence: whoever changes it behind the program's back is told on."""
