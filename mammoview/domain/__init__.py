"""Values: views, geometry, study, prediction."""
