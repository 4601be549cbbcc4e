"""Score files: what any detector says of images, as CSV. No image, no database, no model here."""
