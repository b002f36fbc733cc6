"""The page and the HTTP API: ``guillemets serve`` (extra ``guillemets[serve]``)."""
