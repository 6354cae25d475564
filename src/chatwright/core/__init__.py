"""What every room stands on: run folders, manifests, atomic files, seeds, errors, the metric log."""
