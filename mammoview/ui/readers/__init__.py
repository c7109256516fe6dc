"""Who sits before the window: signing in, the lock, profiles."""
