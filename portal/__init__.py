"""The staff's pages: rendered on the server, brought up to date by htmx."""
