"""What labels come to."""
