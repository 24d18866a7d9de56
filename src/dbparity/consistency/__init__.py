"""Do several stores agree: their references, and caches whose code is run in every order."""
