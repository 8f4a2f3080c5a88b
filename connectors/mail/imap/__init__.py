"""A mailbox on an IMAP server: the door, what is polled behind it, and a bell that only wakes."""
