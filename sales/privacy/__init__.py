"""People's data: found, handed out, erased everywhere, with a certificate."""
