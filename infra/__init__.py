"""What an operator deploys and runs: Bicep, queries, and the command lines around them."""
