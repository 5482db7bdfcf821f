"""What goes over the wire, by resource: the single source of the client's types."""
