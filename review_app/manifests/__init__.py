"""Manifests: lists of images with what is known of them, as people keep them."""
