"""Documents of several tenants: stored, cached and searched by meaning."""
