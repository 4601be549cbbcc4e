"""Copy detection: is this image, however it was saved again, one of those that are here?

Pure: pixels and numbers in, similarities out. `regions` finds what in an upload may be the image
itself, `descriptors` says what is kept of a stored image and what is looked for, `search` compares.
"""
