"""What the server loads of a detector: it turns an image into P(fake) and says how sure that is."""
