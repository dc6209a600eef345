"""What every adapter shares: what is built at start, and one request's way on plain values."""
