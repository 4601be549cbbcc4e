"""Data sets: manifests, the splits made of them, what leaks between these, and cards about them."""
