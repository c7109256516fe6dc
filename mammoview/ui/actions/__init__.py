"""The one table of actions: it feeds the menus, the toolbar, the shortcuts and the cheat sheet."""
