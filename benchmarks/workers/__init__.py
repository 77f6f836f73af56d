"""Programs that measure themselves and print a report; each is started by a scenario, in its own process."""
