"""The dashboard: a store served read-only on this machine by Datasette, with pages of our own."""
