"""The tests: the same four names as the product, whole days as data, and real servers."""
