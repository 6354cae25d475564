"""One page that a person reads, its figures as JSON, and the model card: from a run's artifacts only."""
