"""From an image to P(fake) and how sure that is: what the server loads of a detector."""
