"""Read what people coded in other tools, as gold."""
