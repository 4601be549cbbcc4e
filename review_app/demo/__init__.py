"""The demo: its photos, and the forgeries that are made of them."""
