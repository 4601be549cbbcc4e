"""Tests of the demo's images: where they come from, and that only forgery tells them apart."""
