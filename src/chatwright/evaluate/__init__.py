"""How good the model is: scorers as published, with their uncertainty, on questions and on text."""
