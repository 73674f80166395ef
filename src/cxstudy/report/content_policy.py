"""What a browser may do with a page of ours: show it. Nothing is fetched and nothing runs."""

CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
