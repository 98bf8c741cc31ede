"""Units to totals per cluster, for experiments that assign shops, teams or regions as a whole."""
