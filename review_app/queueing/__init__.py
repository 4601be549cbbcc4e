"""The queue: in which order images come to people, and which of them a second person sees."""
