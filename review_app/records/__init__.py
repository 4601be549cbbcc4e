"""Records: every image can be found, with everything that happened to it, corrected and
exported."""
