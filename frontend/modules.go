package frontend

// fullMLflow returns the distributions that MLflow requires and mlflow-skinny does not.
func fullMLflow() []string {
	return []string{
		"aiohttp", "alembic", "cryptography", "docker", "flask", "flask-cors", "graphene", "gunicorn", "huey", "matplotlib",
		"numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops", "sqlalchemy",
	}
}
