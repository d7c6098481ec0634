"""What Kubernetes does: loading, flags, resources, versions."""
