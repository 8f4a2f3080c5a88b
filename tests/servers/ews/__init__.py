"""An Exchange server for tests: the SOAP operations that exchangelib and DavMail use, no more.

``mailboxes`` keeps letters as MIME, ``shapes`` writes them as EWS does, ``operations`` answers the
calls, ``door`` lets in by Basic, NTLM or OAuth2 and orders faults, ``server`` puts it on a port.
"""
