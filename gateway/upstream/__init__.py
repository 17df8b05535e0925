"""Outgoing connections: where one may go (`policy`), how one gets there (`egress`), and one call (`transport`)."""
