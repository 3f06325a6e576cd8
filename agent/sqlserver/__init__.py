"""SQL Server: where it is, how to log in, and the rows of one table."""
