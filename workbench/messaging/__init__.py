"""What a message is and means, without any I/O: status, addresses, keywords, segments, error codes."""
