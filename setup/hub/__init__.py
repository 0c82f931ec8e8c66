"""The local Hub: git repositories and large files, spoken to over the Hub's own wire protocol."""
