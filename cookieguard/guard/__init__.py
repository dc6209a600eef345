"""The decision: functions over header tuples, policy and consent, that know no server."""
