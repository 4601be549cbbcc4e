"""What is known of each image: found, told with everything that happened to it, and corrected."""
