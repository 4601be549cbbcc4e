"""CLIP's image tower: the backbone, its weights from an ONNX file, and the command's fetching."""
