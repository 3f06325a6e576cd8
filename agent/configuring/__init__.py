"""Sets up the agent: finds what there is to choose from, tests each answer, writes the settings file."""
