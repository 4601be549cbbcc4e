"""``forensic``: statistics of an image's noise, grid, spectrum and colour. No weights, no torch."""
