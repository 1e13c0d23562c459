"""Say what is wrong between a project and its template, without touching either."""
