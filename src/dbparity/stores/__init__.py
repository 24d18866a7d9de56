"""SQL, Redis and Milvus as stores of keyed records; their health."""
