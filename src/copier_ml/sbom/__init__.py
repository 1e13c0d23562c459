"""Write an SBOM of each build of a project into its folder export."""
