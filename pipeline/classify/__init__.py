"""Label passages with a fine-tuned transformer; torch is needed for training only."""
