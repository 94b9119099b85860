"""Looks into the network while it trains, one idea a file; conf/diagnostics/ chooses among them."""
