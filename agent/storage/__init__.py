"""The storage account: where it is, how to sign in, uploading catalogues and reading run records."""
