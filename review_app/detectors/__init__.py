"""The detectors of this deployment, wherever their models are: native ones, and external ones."""
