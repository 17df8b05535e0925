"""One address per model: turn a published `base_url` into the URL to call."""
