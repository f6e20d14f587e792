"""Task types from files in TASKS_DIR: seen, checked apart, kept by content, offered."""
