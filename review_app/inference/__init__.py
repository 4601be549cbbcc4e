"""Inference: what the server loads of a detector turns an image into P(fake) and says how sure that
is."""
