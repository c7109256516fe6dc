"""The side panel's page of the read: a part for each thing that a reader does in it."""
