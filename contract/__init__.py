"""What the store PC and the cloud agree on: products, catalogues, run records and where they are kept."""
