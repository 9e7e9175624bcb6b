"""What MLflow's users know, made by deployfile. MLflow has to be installed for it."""
