"""The rule kinds: one module holds the shape of its TOML table and the function that decides."""
