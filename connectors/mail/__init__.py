"""Mailboxes that are read and couriers that send.

In: ``imap`` and ``maildir`` fetch raw letters, ``mime`` makes letters of them (``parts`` cuts,
``words`` and ``charsets`` decode, ``people`` tells who wrote, ``htmltext`` reads HTML, ``names``
names files); ``quotes`` finds the answer in a reply. Out: ``compose`` writes a letter, ``smtp`` and
``files`` take it away. ``tls`` is the same for both ways.
"""
