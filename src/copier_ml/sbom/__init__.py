"""Write an SBOM of each wheel variant (CPU, CUDA) to the project's folder export."""
