"""What every service shares: settings, vocabulary, the record. Knows no service."""
