"""Detectors: those of this deployment behind one adapter, native ones and external ones."""
