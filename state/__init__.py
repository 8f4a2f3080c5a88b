"""What we know, owe and did: the only place that knows which database it is."""
