"""Exchange on the premises, by EWS: one account, a mailbox and a courier over it."""
