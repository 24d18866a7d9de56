"""Where databases run: providers of servers, and isolated databases on them."""
