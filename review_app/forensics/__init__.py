"""Forensics: an image seen through what editing and generators leave behind in its pixels.

One file for each view, numpy and Pillow alone. A view takes pixels and gives a picture to look at;
it decides nothing, and no certificate or score depends on it.
"""
