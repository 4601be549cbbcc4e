"""The statistics behind the Monitoring page: pure, and each tested by simulation."""
