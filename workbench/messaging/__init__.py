"""What a message means, as pure functions without I/O: status, addresses, keywords, segments, quiet hours.

Start at `message.py` (from Twilio's JSON to one row). Addresses are in `addresses.py` and
`address_reader.py`, encoding and segments in `segments.py`, quiet hours in `quiet_hours.py`, error codes in
`error_codes.py`.
"""
