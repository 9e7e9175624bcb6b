"""The Open Inference Protocol (V2) over REST, beside MLflow's own protocol."""
