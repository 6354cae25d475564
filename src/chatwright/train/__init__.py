"""The one loop, its objectives, optimizers, schedules, checkpoints, and the planner."""
