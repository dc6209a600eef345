"""The decision: pure functions over header tuples, policy and consent."""
