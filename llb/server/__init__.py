"""The server of an image: MLflow's own app, started and run as deployfile does."""
