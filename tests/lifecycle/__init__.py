"""How models leave and come back."""
