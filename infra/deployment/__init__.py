"""`python -m infra.deployment`: what azd runs after a deployment, to see that the function works."""
