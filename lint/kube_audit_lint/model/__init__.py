"""What was configured, whatever the form."""
