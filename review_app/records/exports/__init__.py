"""Labels that leave: their columns, formats and files."""
