"""Whether people agree, how often each of them errs, and what weighing them by that gives: pure."""
