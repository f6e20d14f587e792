"""The files that the portal makes: certificates and reports, one noun a file."""
