"""What the server says of itself to people and programs: /docs and /openapi.json."""
