"""What the regulations say: facts, intents, rule kinds and the regulations as TOML. Pure."""
