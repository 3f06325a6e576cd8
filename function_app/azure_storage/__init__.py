"""Catalogues, run records, locks and the retry queue in an Azure storage account."""
