"""What was configured, in every form alike."""
