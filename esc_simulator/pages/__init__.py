"""The portal's pages, one noun a file."""
