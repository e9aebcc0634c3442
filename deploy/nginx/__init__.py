"""nginx in front of Inkan: its configuration, rendered from the environment that the programs read (decision 40)."""
