"""Find sections, passages, agencies and findings in a report's text."""
