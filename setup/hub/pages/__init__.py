"""The Hub's pages for people, rendered on the server and readable without JavaScript."""
