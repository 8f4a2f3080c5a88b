"""Mailboxes that are read and couriers that send."""
