"""HTTP in, HTTP out: cookies, forms, headers, status codes. Nothing is decided here."""
