"""``/api/v1`` for programs: images, decisions, labels, exports, figures."""
