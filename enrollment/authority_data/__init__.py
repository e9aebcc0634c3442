"""The dated rows behind `enrollment.authorities`; only that module reads them."""
