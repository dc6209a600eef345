"""What a visitor decided, and the signed cookie that carries it."""
