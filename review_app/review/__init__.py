"""Review: people claim images, answer, change and undo, and their answers become verdicts."""
