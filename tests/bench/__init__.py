"""``make bench``: how fast the parts are, as ratios to the same work done bare in the same run."""
