"""One linear history of the database's shape."""
