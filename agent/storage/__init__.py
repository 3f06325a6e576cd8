"""The storage account: where it is, how to sign in, and what goes up and comes down."""
