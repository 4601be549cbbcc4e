"""Reading whole queries by the column, over one state of the database."""
