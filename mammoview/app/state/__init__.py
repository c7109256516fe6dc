"""Parts of the window's one frozen state, which `app.workspace` puts together."""
